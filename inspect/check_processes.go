package inspect

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/multiproc/mp/internal/arena"
)

// processes looks at the process table.
func (l *look) processes() {
	top, err := load[arena.Header](l.a, 0)
	if err != nil {
		l.add("arena", "reading its header", "no error", "%v", err)
		return
	}
	for slot := range uint32(arena.Slots) {
		if status := l.state(slot).Status(); (status == arena.Starting || status == arena.Live || status == arena.Exited) && l.alive(slot) {
			l.living = true
		}
	}
	for slot := range uint32(arena.Slots) {
		switch state := l.state(slot); {
		case slot >= top.Top.Load() && state != 0:
			l.add(l.where(slot), "state", fmt.Sprintf("0, as only slots below %d were claimed", top.Top.Load()), "%#x", uint64(state))
		case state.Status() == arena.Free:
			l.freeSlot(slot)
		case l.must(state.Status() <= arena.Exited, l.where(slot), "state", "free, starting, live, dead or exited", "%d", state.Status()):
			l.tenant(slot, l.where(slot), state)
		}
	}
}

func (l *look) where(slot uint32) string {
	state := l.state(slot)
	if state.Status() == arena.Free {
		return fmt.Sprintf("slot %d", slot)
	}
	return fmt.Sprintf("slot %d, %s", slot, l.person(arena.ID(slot, state.Generation())))
}

func (l *look) freeSlot(slot uint32) {
	if at := l.slots[slot].Trace.Load(); at != 0 {
		l.add(l.where(slot), "trace records", "none, as the slot is free", "some at %#x", at)
	}
	for k, block := range l.slots[slot].Limbo {
		if block != 0 {
			l.add(l.where(slot), fmt.Sprintf("block in hand %d", k), "none, as the slot is free", "%#x", block)
		}
	}
}

// tenant looks at a slot that is somebody's.
func (l *look) tenant(slot uint32, where string, state arena.State) {
	s := &l.slots[slot]
	l.must(state.Generation() != 0, where, "generation", "1 or more", "0")
	l.must(state>>37 == 0, where, "state", "zeros above bit 36", "%#x", uint64(state))
	name, rest, _ := bytes.Cut(nameBytes(s), []byte{0})
	l.must(utf8.Valid(name), where, "name", "UTF-8", "%q", name)
	l.must(len(bytes.Trim(rest, "\x00")) == 0, where, "name", "zeros behind it", "%q", rest)
	if parent := s.Parent.Load(); parent != 0 {
		l.must(l.could(parent), where, "parent", "a process that is or was", "id %d", parent)
	}
	if state.Status() == arena.Live {
		l.must(s.PID.Load() != 0, where, "pid", "one, as the process is live", "0")
	}
	l.unswept(slot, where, state)
}

// unswept looks for the dead whom nobody has cleaned up after. Nobody can, if nobody lives.
func (l *look) unswept(slot uint32, where string, state arena.State) {
	switch ended := moment(l.slots[slot].Ended.Load()); {
	case !l.living:
	case state.Status() != arena.Dead:
		l.must(l.alive(slot), where, "life", "alive, or dead for less than a second", "dead, in state %s, not swept", state.Status())
	case l.state(state.Sweeper()).Status() == arena.Free || !l.alive(state.Sweeper()):
		l.add(where, "sweep", "a sweeper that lives", "dead since %s, swept by slot %d, which is dead too", ended.Format(time.RFC3339), state.Sweeper())
	default:
		l.add(where, "sweep", "done within a second", "dead since %s, still being swept by %s", ended.Format(time.RFC3339), l.where(state.Sweeper()))
	}
}
