package arena

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/prim"
)

// RLockState is the payload of an object of KindRLock.
type RLockState struct {
	_      structs.HostLayout
	RLock  prim.RLock
	Policy atomic.Uint32 // as in LockState

	Conditions atomic.Uint32 // as in LockState
	_          [32]byte
}

func (s *RLockState) died(a *Arena, o *Object, slot, id uint32) {
	s.RLock.Died(id, a.park, func() {
		o.noteDeath(a.Who(slot))
		if s.Conditions.Load() != 0 {
			a.endWaits(o, slot, a.lockSweeping)
		}
	})
}

func (s *RLockState) engages(_, id uint32) bool {
	owner := s.RLock.HeldBy()
	return owner.ID == id && !owner.Dead
}
