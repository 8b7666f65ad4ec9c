package list

import (
	"structs"

	"github.com/multiproc/mp/internal/slab"
)

// Leaf is an entry of a table.
type Leaf struct {
	_      structs.HostLayout
	At     uint64 // place of its cell
	Window uint64 // bits 0–31 how many elements, 32–63 behind how many words
}

func window(start, count uint64) uint64 { return start<<32 | count }

func (x *Leaf) start() uint64 { return x.Window >> 32 }

func (x *Leaf) count() uint64 { return x.Window & (1<<32 - 1) }

// Group is how many leaves a sum is of: a search goes over sums, and then over the leaves of one.
const Group = 32

// tableWords is how many words there are for so many leaves, a multiple of Group: a sum for each Group, two for each leaf.
func tableWords(leaves uint64) uint64 { return leaves/Group + 2*leaves }

// table is a view of one.
type table struct {
	sums   []uint64
	leaves []Leaf // with room for more than there are
}

// table is the list's; it has as many leaves as the list says, at least.
func (l *List) table(u *slab.User) table {
	if l.Table == 0 {
		if l.Leaves != 0 || l.Len != 0 {
			corrupt("%d elements without a table", l.Len)
		}
		return table{}
	}
	t := viewTable(words(u, l.Table))
	if l.Leaves > uint64(len(t.leaves)) {
		corrupt("%d leaves in a table of %d", l.Leaves, len(t.leaves))
	}
	return t
}

// spot is where an element is, or where one may come between others.
type spot struct {
	table
	k   uint64 // of the leaf
	off uint64 // in its window
}

func (s *spot) leaf() *Leaf { return &s.leaves[s.k] }

// words are those of the leaf.
func (s *spot) words(u *slab.User) []uint64 {
	x, w := s.leaf(), words(u, s.leaf().At)
	if x.start() > uint64(len(w)) || x.count() > uint64(len(w))-x.start() || s.off > x.count() {
		corrupt("a window of %d from %d on in a leaf of %d", x.count(), x.start(), len(w))
	}
	return w
}

// elements are those of the words that are in the window.
func (s *spot) elements(u *slab.User) []uint64 {
	x := s.leaf()
	return s.words(u)[x.start() : x.start()+x.count()]
}

// find is where element i is: there are more than that.
func (l *List) find(u *slab.User, i uint64) spot {
	t := l.table(u)
	if l.Leaves == 0 {
		corrupt("%d elements without a leaf", l.Len)
	}
	last := l.Leaves - 1
	if n := t.leaves[last].count(); i+n >= l.Len && n <= l.Len {
		return spot{t, last, i + n - l.Len}
	}
	g, groups := uint64(0), last/Group+1
	for ; g < groups && i >= t.sums[g]; g++ {
		i -= t.sums[g]
	}
	for k := g * Group; k < l.Leaves; k++ {
		if n := t.leaves[k].count(); i >= n {
			i -= n
			continue
		}
		return spot{t, k, i}
	}
	corrupt("%d elements are fewer in its leaves", l.Len)
	return spot{}
}

// gap is where an element that is to be number i comes in: behind another of its leaf, if that is the last.
func (l *List) gap(u *slab.User, i uint64) (s spot, ok bool) {
	if l.Leaves == 0 {
		return spot{}, false
	}
	if i < l.Len {
		return l.find(u, i), true
	}
	s = spot{table: l.table(u), k: l.Leaves - 1}
	s.off = s.leaf().count()
	return s, true
}
