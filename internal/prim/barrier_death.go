package prim

import (
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Enroll makes a process a party before it has waited, or waits again after a Leave.
func Enroll(seat *atomic.Uint32) { seat.Or(seatParty) }

// Leave ends that: the process may die as it likes, as long as it does not wait.
func Leave(seat *atomic.Uint32) { seat.And(^seatParty) }

// Seated tells what a seat says: how many goroutines of the process are in Wait, and whether it is a party.
func Seated(seat uint32) (inside int, party bool) { return int(seat & seatInside), seat&seatParty != 0 }

// BarrierView is what a barrier shows to who looks on without touching it.
type BarrierView struct {
	Parties, Arrived int
	Broken, Acting   bool
	Break            *Break // of the break that is; nil if there is none
	LockedBy         uint32
}

// View reads a barrier that does not change: a copy.
func (b *Barrier) View() BarrierView {
	v := b.state.Load()
	s := BarrierView{Parties: int(b.parties), Arrived: arrived(v), Broken: v&barrierBroken != 0}
	s.Acting = !s.Broken && s.Arrived == s.Parties
	if r := b.record(v); s.Broken && r.of(v) {
		s.Break = r
	}
	s.LockedBy, _ = b.lock.HeldBy()
	return s
}

// FreeLock frees the lock if the process with this id has died with it, and wakes who sleeps for it. What the dead
// had begun under it ends first: a break that was not made is not told of, and a reset that has broken the turn goes on.
func (b *Barrier) FreeLock(id uint32, p park.Parker) { b.lock.Died(id, p, b.repair) }

func (b *Barrier) repair() {
	switch v := b.state.Load(); {
	case v&barrierBroken == 0:
		b.unwrite(v)
	case b.record(v).Reason == WasReset:
		b.mend()
	}
}

// Died takes a process that is gone out of the barrier, and breaks it if that leaves others waiting in vain: it died in
// Wait, or was a party and did not end well. clean says that it told an exit status of 0. sweeper is who calls; take
// takes a lock in its name, as a sweep has to do it. The caller has the proof of death, has called FreeLock, and is the
// only one at it now.
func (b *Barrier) Died(who Person, seat *atomic.Uint32, clean bool, sweeper *Attendant, take func(*Lock)) {
	inside, party := Seated(seat.Load())
	if inside > 0 || party && !clean {
		take(&b.lock)
		if !b.toldOf(who.ID) { // else an earlier sweeper of the same death got this far, and there may be a reset since
			b.breakAny(PartyDied, who)
		}
		b.release(sweeper)
	}
	failpoint.Hit("sweep: barrier")
	seat.Store(0)
	b.wakeAll(sweeper) // in any case: the dead may have passed the barrier for the others
}

func (b *Barrier) toldOf(id uint32) bool {
	for i := range b.breaks {
		if r := &b.breaks[i]; r.Turn.Load() != 0 && r.ID == id && r.Reason == PartyDied {
			return true
		}
	}
	return false
}
