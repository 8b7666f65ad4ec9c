package list

import (
	"slices"

	"github.com/multiproc/mp/internal/slab"
)

// Permute makes what was element order[i] element i, if the list is as it was in this version. order has each index once. An
// error is the Source's: nothing has changed.
func (l *List) Permute(u *slab.User, version uint64, order []int) (done bool, err error) {
	l.hold(u)
	defer l.release(u)
	if l.Version != version {
		return false, nil
	}
	old := l.all(u, 0, l.Leaves)
	w := make([]uint64, len(order))
	for i, from := range order {
		w[i] = old[from]
	}
	defer l.tidy(u)
	return true, l.replace(u, 0, l.Leaves, w, nil)
}

// Reverse turns the order round. An error is the Source's: nothing has changed.
func (l *List) Reverse(u *slab.User) error {
	l.hold(u)
	defer l.release(u)
	if l.Len == 0 {
		return nil
	}
	w := l.all(u, 0, l.Leaves)
	slices.Reverse(w)
	defer l.tidy(u)
	return l.replace(u, 0, l.Leaves, w, nil)
}

// Drop takes the elements out whose indices these are, in ascending order, if the list is as it was in this version. An error
// is the Source's: nothing has changed.
func (l *List) Drop(u *slab.User, version uint64, which []int) (done bool, err error) {
	l.hold(u)
	defer l.release(u)
	if l.Version != version {
		return false, nil
	}
	first, last := l.find(u, uint64(which[0])), l.find(u, uint64(which[len(which)-1]))
	old := l.all(u, first.k, last.k+1)
	kept, gone := old[:0:0], make([]uint64, 0, len(which))
	for i, word := range old {
		if at := i + which[0] - int(first.off); len(which) > len(gone) && at == which[len(gone)] {
			gone = append(gone, word)
		} else {
			kept = append(kept, word)
		}
	}
	defer l.tidy(u)
	return true, l.replace(u, first.k, last.k+1, kept, l.cells(gone...))
}
