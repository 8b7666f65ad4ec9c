package arena

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// SemaphoreState is the payload of an object of KindSemaphore.
type SemaphoreState struct {
	_         structs.HostLayout
	Semaphore prim.Semaphore
	_         [60]byte
}

// BoundedState is the payload of an object of KindBoundedSemaphore.
type BoundedState struct {
	_       structs.HostLayout
	Bounded prim.Bounded
	_       [32]byte
	Held    [Slots]atomic.Uint32 // the accounts that do not lie in Bounded's word, by slot
}

// Seat is this process's at a bounded semaphore.
func (a *Arena) Seat(s *BoundedState, spin *park.Spin) *prim.Seat {
	return &prim.Seat{Slot: a.slot, Me: prim.Holder(a.id, false), Held: s.Held[:], Parker: a.park, Spin: spin}
}

// SuspectHolders looks at all who hold permits, and tells whether one of them was dead and is swept now.
func (a *Arena) SuspectHolders(s *BoundedState) (swept bool) {
	for slot := range a.Header().Top.Load() {
		if slot != a.slot && s.Bounded.HeldBy(slot, s.Held[:]) > 0 {
			swept = a.Suspect(a.IDOf(slot)) || swept
		}
	}
	return swept
}

func (s *SemaphoreState) died(a *Arena, _ *Object, _, _ uint32) { s.Semaphore.Died(a.park) }

// engages: nobody owns a permit.
func (s *SemaphoreState) engages(uint32, uint32) bool { return false }

func (s *BoundedState) died(a *Arena, o *Object, slot, _ uint32) {
	s.Bounded.Died(slot, a.Seat(s, &a.spin), a.takeSweeping, func() { o.noteDeath(a.Who(slot)) })
}

// unlatch frees the accounts. There is nothing to mend: a transfer is one CAS.
func (s *BoundedState) unlatch(a *Arena, id uint32) { s.Bounded.FreeAccounts(id, a.park) }

func (s *BoundedState) engages(slot, _ uint32) bool { return s.Bounded.HeldBy(slot, s.Held[:]) > 0 }
