package inspect

import (
	"github.com/multiproc/mp/internal/arena"
)

// ListState is the state of a list.
type ListState struct {
	Len    uint64 `json:"len"`    // elements
	Memory uint64 `json:"memory"` // bytes of the arena that it has for them, without those of more than 3 KiB
}

func (f *family) describeList(o *Object, r *record, block arena.Offset) error {
	s, err := load[arena.ListState](f.a, block+headerSize)
	if err != nil {
		return err
	}
	o.List = &ListState{Len: s.List.Len, Memory: s.List.Slab.Total}
	if l := f.lock(r); l.State != "free" || l.Waited {
		o.Lock = l
	}
	return nil
}

// checkList looks at a list that nobody has in hand: its lock, its index, its elements.
func (w *walk) checkList(where string, r *record, block arena.Offset) error {
	s, err := load[arena.ListState](w.a, block+headerSize)
	if err != nil {
		return err
	}
	id, dead := s.List.Slab.Lock.HeldBy()
	w.held(where, id, dead)
	if id != 0 {
		return nil
	}
	c := cells{a: w.a, width: s.List.Width}
	wrong, err := c.extents(r)
	if err == nil && wrong == "" {
		wrong, err = c.list(&s.List)
	}
	if err != nil || wrong == "" {
		return err
	}
	again, err := load[arena.ListState](w.a, block+headerSize)
	if err != nil {
		return err
	}
	id, _ = again.List.Slab.Lock.HeldBy()
	now, then := &again.List, &s.List
	if id == 0 && now.Version == then.Version && now.Table == then.Table && now.Spare == then.Spare && now.Loose == then.Loose &&
		now.Slab.Trash == then.Slab.Trash && now.Slab.Fresh == then.Slab.Fresh { // else others have changed what we looked at
		w.must(false, where, "list", "an index of whole elements", "%s", wrong)
	}
	return nil
}
