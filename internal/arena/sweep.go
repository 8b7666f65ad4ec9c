package arena

import (
	"time"

	"github.com/multiproc/mp/internal/failpoint"
)

// sweepSlot cleans up after a process that is gone. Any process that has the proof may do it, and several
// may try: one wins the slot. The order is fixed: the heap first, whose log is older than anything that
// the objects say; then the objects; then the board; the slot is free only when all is done. Every step
// may be done again: a sweeper that dies in between is itself swept, and its work is taken over.
func (a *Arena) sweepSlot(slot, generation uint32) {
	a.sweep.Lock()
	defer a.sweep.Unlock()
	if a.takeCorpse(slot, generation, 0) {
		a.sweepTaken(slot, generation)
	}
}

// takeCorpse makes this process the sweeper of the slot: this CAS is where the process becomes dead. known is
// a sweeper that the caller knows to be dead, though another may hold its byte already; 0 = none.
func (a *Arena) takeCorpse(slot, generation, known uint32) bool {
	s := a.Slot(slot)
	for {
		v := s.State.Load()
		state := State(v)
		if state.Generation() != generation || state.Status() == Free {
			return false
		}
		if state.Status() == Dead && state.SweeperID() != known && a.sweeps(state.SweeperID()) {
			return false
		}
		// The state names the sweeper by its id: if it is what it was, nobody has taken the slot over meanwhile.
		if s.State.CompareAndSwap(v, uint64(NewState(Dead, a.id, generation))) {
			return true
		}
	}
}

// sweeps tells whether another sweeper lives.
func (a *Arena) sweeps(id uint32) bool {
	return id != a.id && a.IDOf(SlotOf(id)) == id && !a.gone(SlotOf(id), false)
}

func (a *Arena) sweepTaken(slot, generation uint32) {
	s := a.Slot(slot)
	id := ID(slot, generation)
	if s.Ended.Load() == 0 {
		s.Ended.Store(time.Now().UnixNano())
	}
	failpoint.Hit("sweep: taken")
	a.sweepHeap(slot, id)
	failpoint.Hit("sweep: heap done")
	// Those that it held a handle of: they cannot be freed before dropHolder, nor their memory be something else.
	a.eachHeld(slot, func(o *Object) {
		if p := o.mortal(); p != nil {
			p.died(a, o, slot, id)
		}
	})
	failpoint.Hit("sweep: objects done")
	s.forgetTrace()
	a.dropHolder(slot)
	a.Board().Forget(slot)
	failpoint.Hit("sweep: board done")
	a.inheritSweeps(id)
	s.State.Store(uint64(NewState(Free, 0, generation)))
}

// inheritSweeps takes over what the dead was sweeping, so that it need not wait for somebody to look.
func (a *Arena) inheritSweeps(dead uint32) {
	for slot := range a.Header().Top.Load() {
		state := State(a.Slot(slot).State.Load())
		if state.Status() == Dead && state.SweeperID() == dead && a.takeCorpse(slot, state.Generation(), dead) {
			a.sweepTaken(slot, state.Generation())
		}
	}
}
