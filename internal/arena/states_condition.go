package arena

import (
	"structs"

	"github.com/multiproc/mp/internal/prim"
)

// ConditionState is the payload of an object of KindCondition. Its lock is an object of its own: every process that
// holds the condition holds the lock too.
type ConditionState struct {
	_              structs.HostLayout
	LockIndex      uint32 // the lock's handle; written once, before the object is published
	LockGeneration uint32
	_              [56]byte
	Condition      prim.Condition
}

// Lock is the handle of the lock that the condition is over.
func (s *ConditionState) Lock() Handle {
	return Handle{Index: s.LockIndex, Generation: s.LockGeneration}
}

// NewConditionState fills the payload of a new object.
func NewConditionState(o *Object, lock Handle) {
	s := PayloadOf[ConditionState](o)
	s.LockIndex, s.LockGeneration = lock.Index, lock.Generation
}

func (s *ConditionState) died(a *Arena, _ *Object, slot, _ uint32) {
	s.Condition.Died(slot, a.Top(), a.park)
}

// engages: whoever waits is in a method, which holds a handle.
func (s *ConditionState) engages(uint32, uint32) bool { return false }

// Top is a bound for the slots that were ever used.
func (a *Arena) Top() uint32 { return a.Header().Top.Load() }

// EndWaits ends all waits on conditions over a lock that this process is about to abandon. It costs 13 ns an
// object of the arena.
func (a *Arena) EndWaits(lock *Object) { a.endWaits(lock, a.slot, a.lock) }

// endWaits does so for the process of a slot that held the lock, which may be dead. take is the caller's way of
// taking the heap lock.
func (a *Arena) endWaits(lock *Object, slot uint32, take func()) {
	take() // a condition that this process does not hold may be dropped by those who do, and its memory be another's
	defer a.unlock()
	h, top := lock.Handle(), a.Top()
	a.eachObject(func(o *Object) {
		if o.Kind != KindCondition {
			return
		}
		if s := PayloadOf[ConditionState](o); s.Lock() == h {
			if slot != a.slot {
				s.Condition.Died(slot, top, a.park)
			}
			s.Condition.Abandoned(top, a.park)
		}
	})
}
