package mp

import (
	"math"
	"slices"

	"github.com/multiproc/mp/internal/list"
)

// snapshot also tells which version it is.
func (l *List[T]) snapshot() ([]T, uint64) {
	var e list.Elements
	version := l.state.Copy(l.user, 0, math.MaxInt, &e)
	l.seen()
	v := make([]T, l.count(&e))
	for i := range v {
		v[i] = l.decode(&e, i)
	}
	return v, version
}

// Sort sorts the list, as slices.SortStableFunc does. compare runs outside of any lock, on copies. If the list has changed
// meanwhile Sort begins again: where others never leave it alone it does not come to an end. If compare panics, or
// the process is killed, nothing has happened. The error is *[ArenaFullError]: for a moment there are two indexes, 8 bytes
// an element.
func (l *List[T]) Sort(compare func(a, b T) int) error {
	for {
		v, version := l.snapshot()
		order := make([]int, len(v))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return compare(v[a], v[b]) })
		if slices.IsSorted(order) {
			return nil
		}
		l.changing()
		done, err := l.state.Permute(l.user, version, order)
		l.seen()
		if done || err != nil {
			return err
		}
	}
}

// Reverse turns the order round. Its error is that of Sort.
func (l *List[T]) Reverse() error {
	l.changing()
	err := l.state.Reverse(l.user)
	l.seen()
	return err
}

// DeleteFunc takes the elements out for which del is true, as slices.DeleteFunc does, and tells how many. del runs outside of
// any lock, on copies, in order; if the list has changed meanwhile DeleteFunc begins again. The error is that of Sort, and
// nothing has changed then.
func (l *List[T]) DeleteFunc(del func(T) bool) (int, error) {
	for {
		v, version := l.snapshot()
		var which []int
		for i := range v {
			if del(v[i]) {
				which = append(which, i)
			}
		}
		if len(which) == 0 {
			return 0, nil
		}
		l.changing()
		done, err := l.state.Drop(l.user, version, which)
		l.seen()
		if err != nil {
			return 0, err
		}
		if done {
			return len(which), nil
		}
	}
}
