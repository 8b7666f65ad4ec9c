package inspect

import (
	"fmt"

	"github.com/multiproc/mp/internal/arena"
)

// extents notes the further blocks of all objects, also of those that are just being freed.
func (w *walk) extents() error {
	objects := w.owners
	for _, o := range objects {
		if o.slot >= 0 && !o.dying {
			continue
		}
		r, err := load[record](w.a, o.block)
		if err != nil {
			return err
		}
		if r.Leaving != 0 && w.must(o.dying, o.String(), "run that leaves", "none, as the object is in use", "%#x", r.Leaving) {
			w.own(owner{block: arena.Offset(r.Leaving), slot: o.slot, index: o.index, extent: true})
		}
		if err := w.extentsOf(o, arena.Offset(r.Extents)); err != nil || w.full() {
			return err
		}
	}
	return nil
}

// extentsOf follows a list. Each extent says which one comes before it, so it cannot go round.
func (w *walk) extentsOf(o owner, at arena.Offset) error {
	for before := arena.Offset(0); at != 0; {
		x := owner{block: at, slot: o.slot, index: o.index, extent: true}
		if !w.own(x) {
			return nil
		}
		e, err := load[arena.Extent](w.a, at)
		if err != nil {
			return err
		}
		if !w.must(arena.Offset(e.Prev) == before, x.String(), "link back", fmt.Sprintf("to %#x", uint64(before)), "to %#x", e.Prev) {
			return nil
		}
		before, at = at, arena.Offset(e.Next)
	}
	return nil
}

// own notes a block if there can be one.
func (w *walk) own(o owner) bool {
	ok := w.must(w.a.inHeap(o.block) && o.block < w.end(), o.String(), "block", "one of the heap", "%#x", uint64(o.block))
	if ok {
		w.owners = append(w.owners, o)
	}
	return ok
}
