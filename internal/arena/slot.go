package arena

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/sys"
)

// Claim takes a free slot for a process that the caller is about to start, and returns the descriptor that
// proves its life: the child inherits it, and the caller closes its own copy once the child has been
// started, or when it could not be. The byte is held without a gap from the claim to the child's death.
func (a *Arena) Claim(parent uint32, name string) (life *os.File, slot uint32, err error) {
	life, err = sys.Reopen(a.file)
	if err != nil {
		return nil, 0, err
	}
	for _, want := range []func(State) bool{isFree, isCorpse} {
		for slot = range uint32(Slots) {
			s := a.Slot(slot)
			if !want(State(s.State.Load())) {
				continue
			}
			if err := sys.TakeByte(life, int64(slot)); errors.Is(err, sys.ErrTaken) {
				continue
			} else if err != nil {
				_ = life.Close()
				return nil, 0, os.NewSyscallError("fcntl(F_OFD_SETLK)", err)
			}
			failpoint.Hit("claim: byte taken")
			if a.settle(slot, parent, name) {
				return life, slot, nil
			}
			_ = life.Close() // gives the byte back; the slot is being swept by another
			if life, err = sys.Reopen(a.file); err != nil {
				return nil, 0, err
			}
		}
	}
	_ = life.Close()
	return nil, 0, &FullError{What: "process", Asked: 1, Left: 0}
}

func isFree(s State) bool   { return s.Status() == Free }
func isCorpse(s State) bool { return s.Status() != Free }

// settle writes the slot of which the caller holds the byte, and so has the proof that nobody lives there.
func (a *Arena) settle(slot, parent uint32, name string) bool {
	s := a.Slot(slot)
	if old := State(s.State.Load()); old.Status() != Free {
		a.sweepSlot(slot, old.Generation())
	}
	old := State(s.State.Load())
	if old.Status() != Free {
		return false
	}
	s.PID.Store(0)
	s.Start.Store(0)
	s.Namespace.Store(0) // the last tenant's must not make the next one's pid a proof
	s.Ended.Store(0)
	s.Status.Store(0)
	s.Parent.Store(parent)
	s.Since.Store(time.Now().UnixNano())
	s.Checked.Store(sys.Monotonic())
	s.Rename(name)
	failpoint.Hit("claim: slot written")
	for top := a.Header().Top.Load(); slot >= top; top = a.Header().Top.Load() {
		a.Header().Top.CompareAndSwap(top, slot+1)
	}
	s.State.Store(uint64(NewState(Starting, 0, nextGeneration(old.Generation()))))
	failpoint.Hit("claim: starting")
	return true
}

// Unclaim gives back a slot whose process could not be started. life is still open.
func (a *Arena) Unclaim(slot uint32) {
	s := a.Slot(slot)
	a.sweepSlot(slot, State(s.State.Load()).Generation())
}

// enter makes this process the tenant of a slot that was claimed for it. sameNamespace says that its pid means to
// its parent what it means to itself. What takes long to find out, its start time, waits for the first tick.
func (a *Arena) enter(life *os.File, slot uint32, sameNamespace bool) error {
	s := a.Slot(slot)
	state := State(s.State.Load())
	a.life, a.slot, a.id = life, slot, ID(slot, state.Generation())
	a.park = park.NewShared(a.base, a.Board(), slot, a.tick)
	if parent := s.Parent.Load(); parent == 0 {
		s.Namespace.Store(a.Header().PIDNamespace)
	} else if sameNamespace {
		s.Namespace.Store(a.Slot(SlotOf(parent)).Namespace.Load())
	}
	s.PID.Store(uint32(os.Getpid()))
	failpoint.Hit("start: before live")
	if !s.State.CompareAndSwap(uint64(state), uint64(NewState(Live, 0, state.Generation()))) {
		return fmt.Errorf("mp: slot %d of the process table was taken away while this process started", slot)
	}
	failpoint.Hit("start: live")
	return nil
}

// Exit says that this process ends of its own accord, as its last act: whoever looks next sweeps it.
func (a *Arena) Exit(code int) {
	s := a.Slot(a.slot)
	s.Status.Store(uint64(uint32(code)) + 1)
	state := State(s.State.Load())
	failpoint.Hit("exit: status told")
	s.State.CompareAndSwap(uint64(state), uint64(NewState(Exited, 0, state.Generation())))
}

// Rename sets the process's name, cut at the end of a rune.
func (s *Slot) Rename(name string) {
	var b [64]byte
	copy(b[:], cut(name, len(b)))
	for i := range s.Name {
		var v uint64
		for j := range 8 {
			v |= uint64(b[8*i+j]) << (8 * j)
		}
		s.Name[i].Store(v)
	}
}

// Named is the process's name.
func (s *Slot) Named() string { return wordsText(s.Name[:]) }

func wordsText(words []atomic.Uint64) string {
	b := make([]byte, 0, 8*len(words))
	for i := range words {
		v := words[i].Load()
		for j := range 8 {
			c := byte(v >> (8 * j))
			if c == 0 {
				return string(b)
			}
			b = append(b, c)
		}
	}
	return string(b)
}

// cut shortens a text to n bytes without splitting a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// IDOf is the id of the process that now has the slot.
func (a *Arena) IDOf(slot uint32) uint32 {
	return ID(slot, State(a.Slot(slot).State.Load()).Generation())
}

// MySlot is this process's line in the table.
func (a *Arena) MySlot() *Slot { return a.Slot(a.slot) }
