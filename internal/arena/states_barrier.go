package arena

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/prim"
)

// BarrierState is the head of the payload of an object of KindBarrier. Behind it lies the call that the last to
// arrive makes, encoded: ActionSize bytes, 0 for none, written once.
type BarrierState struct {
	_          structs.HostLayout
	Barrier    prim.Barrier
	ActionSize uint32
	_          [60]byte
	Seats      [Slots]atomic.Uint32 // by slot; a process is at its own, the sweep at that of the dead
}

// person is who a process is to a barrier.
func (a *Arena) person(slot uint32) prim.Person {
	who := a.Who(slot)
	return prim.Person{ID: who.ID, PID: uint32(who.PID), Name: cut(who.Name, len(prim.Break{}.Name))}
}

// PartyOf is this process at a barrier.
func (a *Arena) PartyOf(s *BarrierState) prim.Attendant {
	return prim.Attendant{ID: a.id, Seat: &s.Seats[a.slot], Park: a.park, Spin: &a.spin, Who: func() prim.Person { return a.person(a.slot) }}
}

func (s *BarrierState) died(a *Arena, _ *Object, slot, id uint32) {
	who := a.person(slot)
	who.ID = id
	sweeper := a.PartyOf(s)
	clean := a.Slot(slot).Status.Load() == 1 // it has told 0
	s.Barrier.Died(who, &s.Seats[slot], clean, &sweeper, a.takeSweeping)
}

// unlatch ends what the dead had begun under the lock, be it as a party, or as a sweeper in the name of one.
func (s *BarrierState) unlatch(a *Arena, id uint32) { s.Barrier.FreeLock(id, a.park) }

// engages: who waits holds a handle, and who has none any more cannot come: it has left.
func (s *BarrierState) engages(uint32, uint32) bool { return false }
