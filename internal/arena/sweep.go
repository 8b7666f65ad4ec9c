package arena

import (
	"slices"
	"time"

	"github.com/multiproc/mp/internal/failpoint"
)

// A sweep cleans up after a process that is gone. Any process that has the proof may do it, and several may
// try: one wins the slot. It has two parts, with one rule for both: a sweeper has in hand what the corpses
// that it sweeps had.
//
//	seize   the slot is ours. What the dead had locked is free: the heap, then locks inside the objects that it
//	        or a corpse of its held. Then its corpses are ours, in the same way. Nothing here waits
//	finish  its limbo, its objects, its bits, its board: here a sweep takes locks, one at a time
//
// So whoever waits for a lock, in a sweep or not, waits for a living process, or for a corpse that nobody has seized
// yet. A corpse is taken over from a sweeper only after that one itself: otherwise the corpse's objects might be gone,
// or another's, when somebody looks for the locks that the sweeper died with, and by their bits he finds them.
//
// Every step may be done again: a sweeper that dies in between is itself swept, and its work is taken over.

// sweepSlot sweeps a slot whose tenant is proved to be gone, unless somebody who lives does so.
func (a *Arena) sweepSlot(slot, generation uint32) {
	a.sweep.Lock()
	defer a.sweep.Unlock()
	a.seize(slot, generation)
	for len(a.corpses) > 0 { // with those that were met on the way
		a.finish(a.corpses[0])
		a.corpses = a.corpses[1:]
	}
}

// seize is the first part of a sweep. It tells whether the corpse is in our hands now. The caller has the proof of death.
func (a *Arena) seize(slot, generation uint32) bool {
	s, id := a.Slot(slot), ID(slot, generation)
	for !slices.Contains(a.corpses, id) {
		v := s.State.Load()
		state := State(v)
		if state.Generation() != generation || state.Status() == Free {
			return false
		}
		if by := state.sweeperID(); state.Status() == Dead && !slices.Contains(a.corpses, by) {
			switch {
			case a.sweeps(by):
				return false
			case a.unswept(by):
				if !a.seize(SlotOf(by), by>>10) { // it comes first, and this corpse with it
					return false // another is at it
				}
				continue
			}
		}
		// This is where the process becomes dead. The state names the sweeper by its id: if it is what it was, nobody
		// has taken the slot over meanwhile.
		if s.State.CompareAndSwap(v, uint64(NewState(Dead, a.id, generation))) {
			a.disarm(slot, id)
		}
	}
	return true
}

// sweeps tells whether another sweeper lives.
func (a *Arena) sweeps(id uint32) bool {
	return id != a.id && a.IDOf(SlotOf(id)) == id && !a.gone(SlotOf(id), false)
}

// unswept tells of another sweeper that is gone whether its own sweep is still to be made.
func (a *Arena) unswept(id uint32) bool {
	state := State(a.Slot(SlotOf(id)).State.Load())
	return id != a.id && ID(SlotOf(id), state.Generation()) == id && state.Status() != Free
}

// disarm is what follows when a slot is ours: the dead, and those that it was sweeping, have no lock any more.
func (a *Arena) disarm(slot, id uint32) {
	s := a.Slot(slot)
	if s.Ended.Load() == 0 {
		s.Ended.Store(time.Now().UnixNano())
	}
	failpoint.Hit("sweep: taken")
	a.freeHeap(id)
	failpoint.Hit("sweep: heap lock free")
	corpses := a.corpsesOf(id) // nobody takes one over before we have
	held := corpses
	held.add(slot)
	a.eachHeld(held, func(o *Object) {
		if p, ok := o.mortal().(latched); ok {
			p.unlatch(a, id)
		}
	})
	failpoint.Hit("sweep: locks free")
	a.corpses = append(a.corpses, id)
	for slot := range a.Top() {
		if corpses.has(slot) {
			a.seize(slot, State(a.Slot(slot).State.Load()).Generation())
		}
	}
}

// corpsesOf are the slots that a dead process was sweeping.
func (a *Arena) corpsesOf(id uint32) (set slotSet) {
	for slot := range a.Top() {
		if state := State(a.Slot(slot).State.Load()); state.Status() == Dead && state.sweeperID() == id {
			set.add(slot)
		}
	}
	return set
}

// finish is the second part of a sweep. The order is fixed: the heap first, whose log is older than anything that the
// objects say; then the objects; then the board; the slot is free only when all is done.
func (a *Arena) finish(id uint32) {
	slot := SlotOf(id)
	s := a.Slot(slot)
	a.sweepLimbo(slot)
	failpoint.Hit("sweep: heap done")
	// Those that it held a handle of: they cannot be freed before dropHolder, nor their memory be something else.
	a.eachHeld(oneSlot(slot), func(o *Object) {
		if p := o.mortal(); p != nil {
			p.died(a, o, slot, id)
		}
	})
	failpoint.Hit("sweep: objects done")
	s.forgetTrace()
	a.dropHolder(slot)
	a.Board().Forget(slot)
	failpoint.Hit("sweep: board done")
	s.State.Store(uint64(NewState(Free, 0, id>>10)))
}
