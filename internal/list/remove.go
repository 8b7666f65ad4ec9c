package list

import (
	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/slab"
)

// Pop takes element i out, and appends it to e. It needs no memory. An error is an *IndexError.
func (l *List) Pop(u *slab.User, i int, to *Elements) error {
	l.hold(u)
	defer l.release(u)
	k, err := l.index(i, 0)
	if err != nil {
		return err
	}
	s := l.find(u, k)
	word := s.elements(u)[s.off]
	if l.Width != 0 {
		to.Words = append(to.Words, word)
	} else {
		to.Data = bulk.Append(to.Data, u.Bytes(word))
		to.Ends = append(to.Ends, len(to.Data))
	}
	if !l.merge(u, s, word) {
		l.take(u, s, word)
	}
	return nil
}

// take takes an element out of its leaf.
func (l *List) take(u *slab.User, s spot, word uint64) {
	x, w := *s.leaf(), s.words(u)
	start, count := x.start(), x.count()-1
	switch {
	case count == 0:
		x.Window = 0
	case s.off == 0:
		x.Window = window(start+1, count)
	case s.off == count:
		x.Window = window(start, count)
	default:
		to := l.spare(u, uint64(len(w)))
		copy(to, w[start:start+s.off])
		copy(to[s.off:], w[start+s.off+1:start+count+1])
		x.At, x.Window = l.Spare, window(0, count)
	}
	t := l.Slab.Begin(u)
	if l.Width == 0 {
		t.Give(word)
	}
	l.settle(&t, s, x)
	l.grow(&t, s, ^uint64(0))
	t.Commit()
	failpoint.Hit("list: popped")
}

// merge takes an element out and makes one leaf of its own and one beside it, if together they have no more than half a
// leaf; and none of one that would be empty, unless it is the only one. Without memory for that it does nothing.
func (l *List) merge(u *slab.User, s spot, word uint64) bool {
	if l.Leaves == 1 {
		return false
	}
	count := s.leaf().count() - 1
	a, b := s.k, s.k+1
	if count > 0 {
		beside := func(k uint64) bool {
			return k < l.Leaves && s.leaves[k].count()+count <= mostWords/2
		}
		switch {
		case beside(s.k - 1):
			a--
		case beside(s.k + 1):
			b++
		default:
			return false
		}
	}
	at := s.off
	if a < s.k {
		at += s.leaves[a].count()
	}
	w := l.all(u, a, b)
	w = append(w[:at], w[at+1:]...)
	defer l.tidy(u)
	return l.replace(u, a, b, w, l.cells(word)) == nil
}

// cells are the words that are places of elements.
func (l *List) cells(w ...uint64) []uint64 {
	if l.Width != 0 {
		return nil
	}
	return w
}

// Clear takes all elements out. It needs no memory.
func (l *List) Clear(u *slab.User) {
	l.hold(u)
	defer l.release(u)
	if l.Len == 0 {
		return
	}
	w := l.cells(l.all(u, 0, l.Leaves)...)
	_ = l.replace(u, 0, l.Leaves, nil, w) // without new leaves there is nothing that could fail
	l.tidy(u)
}
