package dict

import (
	"fmt"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/slab"
)

// A word of a table.
//
//	0        nothing, and nothing behind it that would belong before it
//	1        an entry was here
//	else     bits 0–42 the place of an entry's cell, in words; bits 43–63 the lowest bits of its hash
const (
	empty     = 0
	gone      = 1
	placeBits = 43
	placeMask = 1<<placeBits - 1
	tagMask   = 1<<(64-placeBits) - 1
)

// leastRoom is the words of the smallest table.
const leastRoom = 8

// pack is an entry's word. Memory has at most 2^46 bytes.
func pack(at, hash uint64) uint64 { return hash<<placeBits | at>>3 }

func placeOf(w uint64) uint64 { return w & placeMask << 3 }

// table is the words of the table; nil if there is none.
func (s *Shard) table(u *slab.User) []uint64 {
	if s.Table == 0 {
		return nil
	}
	t := wordsOf(u.Bytes(s.Table))
	if len(t) < leastRoom || len(t)&(len(t)-1) != 0 {
		panic(fmt.Sprintf("mp: corrupt arena: a dict's table of %d words at %#x", len(t), s.Table))
	}
	return t
}

// find looks for a key in a table. It returns its entry, and the word for that; or no entry, and the word where it should go.
func find(u *slab.User, table []uint64, k Key) (slot *uint64, e entry) {
	mask := uint64(len(table) - 1)
	for i := range uint64(len(table)) {
		w := &table[(k.Hash+i)&mask]
		switch {
		case *w <= gone:
			if slot == nil {
				slot = w
			}
			if *w == empty {
				return slot, entry{}
			}
		case *w>>placeBits == k.Hash&tagMask && k.isAt(u, placeOf(*w)):
			return w, entryAt(u, placeOf(*w))
		}
	}
	if len(table) > 0 {
		panic("mp: corrupt arena: a dict's table without an empty word")
	}
	return nil, entry{}
}

// grow makes sure that the table has an empty word besides that of one more entry. It returns the table.
func (s *Shard) grow(u *slab.User) ([]uint64, error) {
	old := s.table(u)
	if s.Used < uint64(len(old))/4*3 {
		return old, nil
	}
	room := uint64(leastRoom)
	for room/2 <= s.Count {
		room *= 2
	}
	t, err := s.Slab.Make(u, room*8)
	if err != nil {
		return nil, err
	}
	table := wordsOf(t.Bytes())
	clear(table)
	for _, w := range old {
		if w > gone {
			move(u, table, w)
		}
	}
	failpoint.Hit("dict: table filled")
	if old != nil {
		t.Give(s.Table)
	}
	t.Set(&s.Table, t.Cell())
	t.Set(&s.Used, s.Count)
	t.Commit()
	return table, nil
}

// move puts an entry's word into a table that has room. As long as the table is not larger, the word knows enough of the hash:
// the entry itself is far away.
func move(u *slab.User, table []uint64, w uint64) {
	hash, mask := w>>placeBits, uint64(len(table)-1)
	if mask > tagMask {
		hash = entryAt(u, placeOf(w)).hash()
	}
	for i := range uint64(len(table)) {
		if to := &table[(hash+i)&mask]; *to == empty {
			*to = w
			return
		}
	}
	panic("mp: corrupt arena: a dict's table has more entries than it says")
}
