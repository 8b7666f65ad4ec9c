package list

import (
	"slices"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/slab"
)

// Word is element i of a list with a Width.
func (l *List) Word(u *slab.User, i int) (uint64, error) {
	l.hold(u)
	defer l.release(u)
	k, err := l.index(i, 0)
	if err != nil {
		return 0, err
	}
	return *l.slot(u, k), nil
}

// Bytes appends those of element i of a list of cells.
func (l *List) Bytes(u *slab.User, i int, to []byte) ([]byte, error) {
	l.hold(u)
	defer l.release(u)
	k, err := l.index(i, 0)
	if err != nil {
		return to, err
	}
	return bulk.Append(to, u.Bytes(*l.slot(u, k))), nil
}

// slot is the word of element k.
func (l *List) slot(u *slab.User, k uint64) *uint64 {
	s := l.find(u, k)
	return &s.elements(u)[s.off]
}

// Copy appends to e up to most elements, from the one with index i on, as they are at one moment: none if there are not
// so many. It returns the version that they are of.
func (l *List) Copy(u *slab.User, i, most int, to *Elements) (version uint64) {
	l.room(min(most, l.Count()-i), to)
	l.hold(u)
	defer l.release(u)
	if uint64(i) < l.Len && most > 0 {
		l.each(u, uint64(i), uint64(most), func(w []uint64) {
			if l.Width != 0 {
				to.Words = append(to.Words, w...)
				return
			}
			for _, at := range w {
				to.Data = bulk.Append(to.Data, u.Bytes(at))
				to.Ends = append(to.Ends, len(to.Data))
			}
		})
	}
	return l.Version
}

// room sees to it that the lock is not held while memory is found for so many.
func (l *List) room(n int, to *Elements) {
	switch {
	case n <= 0:
	case l.Width != 0:
		to.Words = slices.Grow(to.Words, n)
	default:
		to.Ends = slices.Grow(to.Ends, n)
	}
}

// each calls f with the words of up to most elements from i on, leaf by leaf. There are more than i.
func (l *List) each(u *slab.User, i, most uint64, f func([]uint64)) {
	s := l.find(u, i)
	for ; s.k < l.Leaves && most > 0; s.k, s.off = s.k+1, 0 {
		w := s.elements(u)[s.off:]
		w = w[:min(uint64(len(w)), most)]
		most -= uint64(len(w))
		f(w)
	}
}

// all are the words of leaves a to b.
func (l *List) all(u *slab.User, a, b uint64) []uint64 {
	s := spot{table: l.table(u)}
	n := uint64(0)
	for k := a; k < b; k++ {
		n += s.leaves[k].count()
	}
	if n > l.Len {
		corrupt("%d elements are more in its leaves", l.Len)
	}
	w := make([]uint64, 0, n)
	for s.k = a; s.k < b; s.k++ {
		w = append(w, s.elements(u)...)
	}
	return w
}
