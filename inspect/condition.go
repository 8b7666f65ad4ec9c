package inspect

import (
	"fmt"

	"github.com/multiproc/mp/internal/arena"
)

// Condition is the state of a condition.
type Condition struct {
	Lock    string `json:"lock"`    // handle of the lock that it is over
	Waiting int    `json:"waiting"` // goroutines of all processes
	Woken   int    `json:"woken"`   // those that were notified and do not have the lock again yet
}

// condition reads the condition in a block: its record has only the beginning of the payload.
func (a *Arena) condition(block arena.Offset) (*arena.ConditionState, error) {
	return load[arena.ConditionState](a, block+headerSize)
}

func (f *family) describeCondition(o *Object, block arena.Offset) error {
	s, err := f.a.condition(block)
	if err != nil {
		return err
	}
	lock := s.Lock()
	o.Condition = &Condition{Lock: fmt.Sprintf("%d.%d", lock.Index, lock.Generation)}
	for slot := range uint32(arena.Slots) {
		waiting, woken := s.Condition.Waiting(slot)
		o.Condition.Waiting += int(int32(waiting))
		o.Condition.Woken += int(int32(woken))
	}
	return nil
}

// lookup is the object of a handle; nil if there is none.
func (a *Arena) lookup(h arena.Handle) (*record, error) {
	if h.Index >= arena.MaxObjects {
		return nil, nil
	}
	word, err := load[uint64](a, a.header.DirectoryAt+arena.Offset(h.Index)*8)
	if err != nil {
		return nil, err
	}
	if generation, _, _, free := entry(*word); free || generation != h.Generation {
		return nil, nil
	}
	return a.object(int(h.Index), *word)
}

// condition looks at who waits: only processes do, and over a lock that exists.
func (w *walk) condition(where string, block arena.Offset) error {
	s, err := w.a.condition(block)
	if err != nil {
		return err
	}
	for slot := range uint32(arena.Slots) {
		waiting, woken := s.Condition.Waiting(slot)
		if waiting|woken == 0 {
			continue
		}
		what := fmt.Sprintf("waits of slot %d", slot)
		w.must(int32(waiting) >= 0 && int32(woken) >= 0, where, what, "grants for those who asked, and consumed by those who got them",
			"%d waiting, %d woken", int32(waiting), int32(woken))
		w.must(w.state(slot).Status() != arena.Free, where, what, "none, as the slot is free", "%d waiting, %d woken", waiting, woken)
	}
	lock, err := w.a.lookup(s.Lock())
	w.must(err != nil || lock != nil && (lock.Kind == arena.KindLock || lock.Kind == arena.KindRLock), where, "lock", "one that exists", "%d.%d", s.LockIndex, s.LockGeneration)
	return err
}
