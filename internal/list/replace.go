package list

import (
	"slices"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/slab"
)

// mostWords are those of a leaf; with the head of the cell it fills a class. The only leaf of a list may have fewer.
const mostWords = 382

var leafSizes = [...]uint64{14, 30, 62, 126, 254, mostWords}

func leafSize(n uint64) uint64 {
	for _, size := range leafSizes {
		if size >= n {
			return size
		}
	}
	return mostWords
}

// replace puts words in the place of those of leaves a to b, by new leaves; gone are the words of elements that are not
// there any more. What is loose then is in use when it is done, and what it replaces is loose instead. An error is the
// Source's, and what is loose has to be freed.
func (l *List) replace(u *slab.User, a, b uint64, w, gone []uint64) error {
	t := l.table(u)
	c := change{l: l, u: u, table: t, a: a, b: b, gone: gone, more: uint64(len(w))}
	if err := c.newLeaves(w); err != nil {
		return err
	}
	for k := a; k < b; k++ {
		c.less += t.leaves[k].count()
	}
	m := uint64(len(c.made))
	if b == l.Leaves && (b-a <= 1 || m <= 1) && a+m <= uint64(len(t.leaves)) {
		c.atEnd()
		return nil
	}
	return c.withNewTable()
}

// newLeaves makes them, loose, and a spare of their size if there is none.
func (c *change) newLeaves(w []uint64) (err error) {
	if len(w) == 0 {
		return nil
	}
	l, n, size := c.l, uint64(len(w)), uint64(mostWords)
	has := uint64(0)
	if l.Spare != 0 {
		has = uint64(len(words(c.u, l.Spare)))
	}
	if c.a == 0 && c.b == l.Leaves {
		size = max(leafSize(n), has)
	}
	if size != has {
		if c.spare, err = l.leaf(c.u, size, nil); err != nil {
			return err
		}
	}
	each := uint64(mostWords)
	if c.b < l.Leaves { // others may come in anywhere
		m := (n + mostWords - 1) / mostWords
		each = (n + m - 1) / m
	}
	for part := range slices.Chunk(w, int(each)) {
		at, err := l.leaf(c.u, size, part)
		if err != nil {
			return err
		}
		c.made = append(c.made, Leaf{At: at, Window: window(0, uint64(len(part)))})
	}
	return nil
}

// leaf makes one, loose.
func (l *List) leaf(u *slab.User, size uint64, w []uint64) (uint64, error) {
	t, err := l.Slab.Make(u, size*8)
	if err != nil {
		return 0, err
	}
	copy(words(u, t.Cell()), w)
	t.Set(&u.Cell(t.Cell()).Next, l.Loose)
	t.Set(&l.Loose, t.Cell())
	t.Commit()
	failpoint.Hit("list: a leaf")
	return t.Cell(), nil
}

// change is one that makes new leaves.
type change struct {
	l          *List
	u          *slab.User
	table      table
	a, b       uint64
	made       []Leaf
	spare      uint64 // place of a new one; 0: as it was
	gone       []uint64
	less, more uint64 // elements in the old leaves, and in the new
}

// atEnd makes the change of the last leaves in the table as it is: what is behind the last leaf nobody sees, and of those
// that are seen one changes.
func (c *change) atEnd() {
	l, m, t := c.l, uint64(len(c.made)), c.table
	sum := func(k uint64) (n uint64) {
		for at := k / Group * Group; at < c.a+m && at < k/Group*Group+Group; at++ {
			if at < c.a {
				n += t.leaves[at].count()
			} else {
				n += c.made[at-c.a].count()
			}
		}
		return n
	}
	for k := c.a + 1; k < c.a+m; k++ {
		t.leaves[k] = c.made[k-c.a]
		if k/Group > c.a/Group {
			t.sums[k/Group] = sum(k)
		}
	}
	first := c.chain(0)
	tx := l.Slab.Begin(c.u)
	if m > 0 {
		tx.Set(&t.leaves[c.a].At, c.made[0].At)
		tx.Set(&t.leaves[c.a].Window, c.made[0].Window)
	}
	if c.a < uint64(len(t.leaves)) {
		tx.Set(&t.sums[c.a/Group], sum(c.a))
	}
	c.commit(tx, first, c.a+m)
}

// withNewTable makes one without empty leaves.
func (c *change) withNewTable() error {
	l := c.l
	left := make([]Leaf, 0, l.Leaves+uint64(len(c.made)))
	var empty []uint64
	keep := func(some []Leaf) {
		for _, x := range some {
			if x.count() == 0 {
				empty = append(empty, x.At)
			} else {
				left = append(left, x)
			}
		}
	}
	keep(c.table.leaves[:c.a])
	left = append(left, c.made...)
	keep(c.table.leaves[c.b:l.Leaves])
	n := uint64(len(left))
	room := (n + n/4 + Group) / Group * Group
	tx, err := l.Slab.Make(c.u, tableWords(room)*8)
	if err != nil {
		return err
	}
	t := viewTable(words(c.u, tx.Cell()))
	clear(t.sums)
	for k, x := range left {
		t.leaves[k] = x
		t.sums[k/Group] += x.count()
	}
	c.gone = append(c.gone, empty...)
	first := c.chain(l.Table)
	tx.Set(&l.Table, tx.Cell())
	c.commit(tx, first, n)
	return nil
}

// chain links the cells that are replaced. Nobody reads Next of a cell that is in use.
func (c *change) chain(old uint64) (first uint64) {
	link := func(at uint64) {
		if at != 0 {
			c.u.Cell(at).Next = first
			first = at
		}
	}
	link(old)
	if c.spare != 0 {
		link(c.l.Spare)
	}
	for k := c.a; k < c.b; k++ {
		link(c.table.leaves[k].At)
	}
	for _, at := range c.gone {
		link(at)
	}
	return first
}

func (c *change) commit(t slab.Tx, loose, leaves uint64) {
	l := c.l
	t.Set(&l.Loose, loose)
	if c.spare != 0 {
		t.Set(&l.Spare, c.spare)
	}
	t.Set(&l.Leaves, leaves)
	t.Set(&l.Len, l.Len-c.less+c.more)
	t.Set(&l.Version, l.Version+1)
	t.Commit()
	failpoint.Hit("list: switched")
}

// tidy frees what is loose.
func (l *List) tidy(u *slab.User) {
	for l.Loose != 0 {
		at, t := l.Loose, l.Slab.Begin(u)
		t.Set(&l.Loose, u.Cell(at).Next)
		t.Give(at)
		t.Commit()
		failpoint.Hit("list: tidying")
	}
}
