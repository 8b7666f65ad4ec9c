package list

import (
	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/slab"
)

// Append puts elements behind the last. An error is the Source's: there is no room, and nothing has changed.
func (l *List) Append(u *slab.User, e *Elements) error {
	l.hold(u)
	defer l.release(u)
	return l.insert(u, l.Len, e)
}

// Insert puts elements before the one with index i, or behind the last if i is the length.
func (l *List) Insert(u *slab.User, i int, e *Elements) error {
	l.hold(u)
	defer l.release(u)
	k, err := l.index(i, 1)
	if err != nil {
		return err
	}
	return l.insert(u, k, e)
}

func (l *List) insert(u *slab.User, i uint64, e *Elements) error {
	n := e.count(l)
	if n == 0 {
		return nil
	}
	if n == 1 {
		if done, err := l.insertOne(u, i, e); done || err != nil {
			return err
		}
	}
	defer l.tidy(u) // what was replaced, or what is of no use
	w, err := l.stage(u, e)
	if err != nil {
		return err
	}
	return l.insertWords(u, i, w)
}

// insertOne does so by one transaction, if there is a place.
func (l *List) insertOne(u *slab.User, i uint64, e *Elements) (done bool, err error) {
	s, ok := l.gap(u, i)
	if !ok {
		return false, nil
	}
	to, at := l.open(u, &s, i == l.Len)
	if to == nil {
		return false, nil
	}
	t, err := l.begin(u, e)
	if err != nil {
		return false, err
	}
	if *to = t.Cell(); l.Width != 0 {
		*to = e.Words[0]
	}
	l.settle(&t, s, at)
	l.grow(&t, s, 1)
	t.Commit()
	failpoint.Hit("list: inserted")
	return true, nil
}

// begin starts a transaction, and in it makes the cell of the only element.
func (l *List) begin(u *slab.User, e *Elements) (slab.Tx, error) {
	if l.Width != 0 {
		return l.Slab.Begin(u), nil
	}
	b := e.At(0)
	t, err := l.Slab.Make(u, uint64(len(b)))
	if err == nil {
		bulk.Copy(t.Bytes(), b)
	}
	return t, err
}

// open gives the word for an element that comes in at s, and what the leaf is to become; nil if it has no room. A last leaf
// that is more than half full is not copied to go on at its end.
func (l *List) open(u *slab.User, s *spot, last bool) (word *uint64, becomes Leaf) {
	x, w := *s.leaf(), s.words(u)
	start, count, room := x.start(), x.count(), uint64(len(w))
	switch {
	case s.off == count && start+count < room:
		return &w[start+count], Leaf{At: x.At, Window: window(start, count+1)}
	case s.off == 0 && start > 0:
		return &w[start-1], Leaf{At: x.At, Window: window(start-1, count+1)}
	case count == room || last && count > room/2:
		return nil, x
	}
	to := l.spare(u, room)
	if s.off == 0 { // the next ones may come here too
		start = uint64(len(to)) - count - 1
	} else {
		start = 0
	}
	copy(to[start:], w[x.start():x.start()+s.off])
	copy(to[start+s.off+1:], w[x.start()+s.off:x.start()+count])
	return &to[start+s.off], Leaf{At: l.Spare, Window: window(start, count+1)}
}

// spare are the words of the spare.
func (l *List) spare(u *slab.User, room uint64) []uint64 {
	w := words(u, l.Spare)
	if uint64(len(w)) != room {
		corrupt("a spare of %d words beside a leaf of %d", len(w), room)
	}
	return w
}

// settle changes a leaf, and makes it the spare if it was copied there.
func (l *List) settle(t *slab.Tx, s spot, becomes Leaf) {
	x := s.leaf()
	if becomes.At != x.At {
		t.Set(&l.Spare, x.At)
		t.Set(&x.At, becomes.At)
	}
	t.Set(&x.Window, becomes.Window)
}

// grow counts n more elements in a leaf.
func (l *List) grow(t *slab.Tx, s spot, n uint64) {
	sum := &s.sums[s.k/Group]
	t.Set(sum, *sum+n)
	t.Set(&l.Len, l.Len+n)
	t.Set(&l.Version, l.Version+1)
}

// stage makes the cells of elements, loose, and returns the words.
func (l *List) stage(u *slab.User, e *Elements) ([]uint64, error) {
	if l.Width != 0 {
		return e.Words, nil
	}
	w := make([]uint64, 0, len(e.Ends))
	for i := range e.Ends {
		at, err := l.loose(u, e.At(i))
		if err != nil {
			return nil, err
		}
		w = append(w, at)
	}
	return w, nil
}

// loose makes a cell with these bytes.
func (l *List) loose(u *slab.User, b []byte) (uint64, error) {
	t, err := l.Slab.Make(u, uint64(len(b)))
	if err != nil {
		return 0, err
	}
	bulk.Copy(t.Bytes(), b)
	t.Set(&u.Cell(t.Cell()).Next, l.Loose)
	t.Set(&l.Loose, t.Cell())
	t.Commit()
	failpoint.Hit("list: staged")
	return t.Cell(), nil
}

// insertWords puts words in, whose cells are loose.
func (l *List) insertWords(u *slab.User, i uint64, w []uint64) error {
	s, ok := l.gap(u, i)
	if !ok {
		return l.replace(u, 0, 0, w, nil)
	}
	x, all, n := s.leaf(), s.words(u), uint64(len(w))
	count, room := x.count(), uint64(len(all))
	if s.off == count && n <= room-x.start()-count {
		copy(all[x.start()+count:], w)
		t := l.Slab.Begin(u)
		t.Set(&x.Window, window(x.start(), count+n))
		t.Set(&l.Loose, 0)
		l.grow(&t, s, n)
		t.Commit()
		failpoint.Hit("list: inserted")
		return nil
	}
	if i == l.Len && room == mostWords && count > room/2 && count+x.start() == room {
		return l.replace(u, l.Leaves, l.Leaves, w, nil)
	}
	old := s.elements(u)
	mixed := make([]uint64, 0, count+n)
	mixed = append(append(append(mixed, old[:s.off]...), w...), old[s.off:]...)
	return l.replace(u, s.k, s.k+1, mixed, nil)
}
