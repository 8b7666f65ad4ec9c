package slab

import (
	"fmt"
	"structs"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/redo"
)

// Cell is the head of a piece of memory. Its bytes follow it.
type Cell struct {
	_    structs.HostLayout
	Next uint64 // the owner's to link by, by transactions; of a free cell the next free one
	Head uint64 // bits 0–7 class, 8–63 bytes that follow
}

// cellSize is of a head.
const cellSize = 16

// Len is how many bytes the cell has.
func (c *Cell) Len() uint64 { return c.Head >> 8 }

func (c *Cell) class() uint64 { return c.Head & 0xFF }

// Tx is a transaction of a container. The slab's lock is held from its beginning to the commit.
type Tx struct {
	small   redo.Tx
	s       *Slab
	u       *User
	cell    uint64        // that Make makes
	draft   Draft         // of a large one
	changes []redo.Change // in its transaction, instead of small's
}

// Begin starts a transaction that makes no cell.
func (s *Slab) Begin(u *User) Tx { return Tx{small: u.Memory.Begin(&s.Redo), s: s, u: u} }

// Make starts a transaction that makes a cell of n bytes. Until the commit the cell is nobody's: it may be filled, and must be
// linked: in the transaction, also its own Next. An error is the Source's: there is no room, and no transaction.
func (s *Slab) Make(u *User, n uint64) (t Tx, err error) {
	if cellSize+n > largest {
		d, err := u.Source.Draft(cellSize + n)
		if err != nil {
			return Tx{}, err
		}
		u.Cell(d.At).Head = large | n<<8
		return Tx{s: s, u: u, cell: d.At, draft: d}, nil
	}
	class := classOf(cellSize + n)
	if err := s.room(u, class); err != nil {
		return Tx{}, err
	}
	t = s.Begin(u)
	if t.cell = s.Free[class]; t.cell != 0 {
		t.Set(&s.Free[class], u.Cell(t.cell).Next)
	} else {
		t.cell = s.Fresh
		t.Set(&s.Fresh, s.Fresh+sizeOf(class))
	}
	u.Cell(t.cell).Head = class | n<<8
	return t, nil
}

// Cell is the place of the cell that Make makes.
func (t *Tx) Cell() uint64 { return t.cell }

// Bytes are those of the cell, to be filled: they are not zero.
func (t *Tx) Bytes() []byte { return t.u.Bytes(t.cell) }

// Commit makes the cell, and the changes: 15 words, or 12 with a large one.
func (t *Tx) Commit() {
	failpoint.Hit("slab: filled")
	if t.draft.At != 0 {
		t.u.Source.Adopt(t.draft, t.changes...)
	} else {
		t.small.Commit()
	}
	failpoint.Hit("slab: committed")
}

// Set changes a word that the lock guards when the transaction commits.
func (t *Tx) Set(word *uint64, v uint64) {
	if t.draft.At == 0 {
		t.small.Set(word, v)
		return
	}
	for i := range t.changes {
		if t.changes[i].Word == word {
			t.changes[i].Value = v
			return
		}
	}
	if *word != v {
		t.changes = append(t.changes, redo.Change{Word: word, Value: v})
	}
}

// get is a word as the transaction will leave it.
func (t *Tx) get(word *uint64) uint64 {
	if t.draft.At == 0 {
		return t.small.Get(word)
	}
	for i := range t.changes {
		if t.changes[i].Word == word {
			return t.changes[i].Value
		}
	}
	return *word
}

// Give frees a cell when the transaction commits: 2 words. A large one is freed by Release.
func (t *Tx) Give(cell uint64) {
	s, c := t.s, t.u.Cell(cell)
	list := &s.Trash
	if class := c.class(); class != large {
		if class >= classes {
			panic(fmt.Sprintf("mp: corrupt arena: a cell of class %d", class))
		}
		list = &s.Free[class]
	}
	t.Set(&c.Next, t.get(list))
	t.Set(list, cell)
}
