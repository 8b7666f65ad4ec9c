package inspect

import (
	"fmt"
	"maps"
	"slices"

	"github.com/multiproc/mp/internal/arena"
)

// list is one of the heap's lists of spans: the free runs, and two of each size class.
type list int

const runs list = 0

func partial(class uint64) list { return list(1 + class) }

func spare(class uint64) list { return list(1 + arena.Classes + class) }

// String is the list's name in findings.
func (l list) String() string {
	switch {
	case l == runs:
		return "list of free runs"
	case l <= arena.Classes:
		return fmt.Sprintf("list of spans with free blocks of %d bytes", classSizes[l-1])
	}
	return fmt.Sprintf("spare span of blocks of %d bytes", classSizes[l-1-arena.Classes])
}

// allLists follows the lists; each span that was found to belong into one must be there, and nothing else.
func (w *walk) allLists() error {
	err := w.list(runs, w.heap.Runs)
	for c := range uint64(arena.Classes) {
		if err == nil {
			err = w.list(partial(c), w.heap.Partial[c])
		}
		if err == nil {
			err = w.list(spare(c), w.heap.Spare[c])
		}
	}
	for _, i := range slices.Sorted(maps.Keys(w.lists)) {
		w.add(spanName(i), "list", w.lists[i].String(), "not in it")
	}
	return err
}

// list ends at the first span that is not expected, so it ends: each is expected once.
func (w *walk) list(name list, first uint64) error {
	for prev, next := uint64(0), first; next != 0; {
		i := next - 1
		if in, ok := w.lists[i]; !ok || in != name {
			w.add(name.String(), "member", "spans that belong there, each once", "span %d", i)
			return nil
		}
		delete(w.lists, i)
		s, err := w.span(i)
		if err != nil {
			return err
		}
		w.must(s.Prev == prev, spanName(i), "link back", fmt.Sprintf("%d", prev), "%d", s.Prev)
		w.must(s.Next == 0 || name <= arena.Classes, spanName(i), "link", "none, as there is one spare span", "%d", s.Next)
		prev, next = next, s.Next
	}
	return nil
}
