package arena

import (
	"os"
	"time"

	"github.com/multiproc/mp/internal/sys"
)

// checkAge is how old the last look at a slot may be before a tick looks again: a death is noticed within
// park.Tick and this. It grows with the family, so that all ticks together look about once a tick at each
// process of a large family, and at most a thousand times a second at a small one.
func checkAge(slots uint32) time.Duration {
	return time.Duration(min(slots, 80)) * time.Millisecond
}

// gone proves the death of a slot's process. Proof is the kernel's word that all threads of the process
// are gone: its life byte is free, or, in the same pid namespace, its pid is (a descriptor that leaked into a
// foreign grandchild must not keep a corpse alive). What cannot be known counts as alive.
func (a *Arena) gone(slot uint32, thorough bool) bool {
	if slot == a.slot {
		return false
	}
	if taken, err := sys.ByteTaken(a.file, int64(slot)); err == nil && !taken {
		return true
	}
	s := a.Slot(slot)
	pid, start, ns := int(s.PID.Load()), s.Start.Load(), s.Namespace.Load()
	if pid == 0 || ns == 0 || ns != a.MySlot().Namespace.Load() {
		return false
	}
	return sys.Gone(pid) || thorough && start != 0 && sys.Reused(pid, start)
}

// tick looks at the family while somebody of this process sleeps, and sweeps whoever is gone.
func (a *Arena) tick() {
	if a.ticks++; a.ticks == 1 {
		if start, err := sys.StartTime(os.Getpid()); err == nil {
			a.MySlot().Start.Store(start)
		}
	}
	thorough := a.ticks%16 == 0
	now := sys.Monotonic()
	top := a.Header().Top.Load()
	young := int64(checkAge(top))
	for slot := range top {
		s := a.Slot(slot)
		if State(s.State.Load()).Status() == Free {
			continue
		}
		last := s.Checked.Load()
		if age := now - last; age >= 0 && age < young || !s.Checked.CompareAndSwap(last, now) {
			continue
		}
		a.look(slot, thorough)
	}
	if f := a.ticked.Load(); f != nil {
		(*f)()
	}
}

// look sweeps a slot if its process is gone. The generation is read before the proof: it names who is gone.
func (a *Arena) look(slot uint32, thorough bool) bool {
	state := State(a.Slot(slot).State.Load())
	if state.Status() == Free || !a.gone(slot, thorough) {
		return false
	}
	a.sweepSlot(slot, state.Generation())
	return true
}

// knows tells whether there is a process with this id, or was and is not swept yet.
func (a *Arena) knows(id uint32) bool {
	state := State(a.Slot(SlotOf(id)).State.Load())
	return ID(SlotOf(id), state.Generation()) == id && state.Status() != Free
}

// lives tells whether there is a process with this id, or was and no sweep of it has begun.
func (a *Arena) lives(id uint32) bool {
	state := State(a.Slot(SlotOf(id)).State.Load())
	return ID(SlotOf(id), state.Generation()) == id && state.Status() != Free && state.Status() != Dead
}

// Suspect looks at one process at once, and sweeps it if it is gone: for callers that do not sleep, and so
// have no tick.
func (a *Arena) Suspect(id uint32) bool {
	slot := SlotOf(id)
	return a.IDOf(slot) == id && a.look(slot, false)
}

// Bury sweeps a process whose end the caller has seen with its own eyes: it has reaped it.
func (a *Arena) Bury(id uint32) {
	// With the generation of id, not with the slot's: another may have swept it by now, and a new process live there.
	if slot := SlotOf(id); slot != a.slot {
		a.sweepSlot(slot, id>>10)
	}
}

// Person is what is known about a process, alive or dead.
type Person struct {
	ID    uint32
	PID   int
	Start uint64
	Name  string
	Since time.Time // when it was started
	Ended time.Time // when its end was noticed; zero = alive
}

// Who tells about the process in a slot.
func (a *Arena) Who(slot uint32) Person {
	s := a.Slot(slot)
	p := Person{ID: a.IDOf(slot), PID: int(s.PID.Load()), Start: s.Start.Load(), Name: s.Named(), Since: time.Unix(0, s.Since.Load())}
	if ended := s.Ended.Load(); ended != 0 {
		p.Ended = time.Unix(0, ended)
	}
	return p
}

// Alive tells whether the process with this id has not been found dead. It does not look anew.
func (a *Arena) Alive(id uint32) bool {
	st := State(a.Slot(SlotOf(id)).State.Load())
	return st.Generation() == id>>10 && (st.Status() == Live || st.Status() == Starting)
}
