package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/sys"
)

// family is a copy of the process table.
type family struct {
	a     *Arena
	slots []arena.Slot
}

func (a *Arena) family() (*family, error) {
	slots, err := loadSlice[arena.Slot](a, a.header.TableAt, arena.Slots)
	return &family{a, slots}, err
}

// claimed is a copy of as much of the table as was ever used: of most families a hundredth.
func (a *Arena) claimed() (*family, error) {
	h, err := load[arena.Header](a, 0)
	if err != nil {
		return nil, err
	}
	slots, err := loadSlice[arena.Slot](a, a.header.TableAt, uint64(min(h.Top.Load(), arena.Slots)))
	return &family{a, slots}, err
}

func (f *family) state(slot uint32) arena.State {
	if slot >= uint32(len(f.slots)) {
		return 0 // free
	}
	return arena.State(f.slots[slot].State.Load())
}

// has tells whether the process with this id is in the table, alive or not yet swept.
func (f *family) has(id uint32) bool {
	s := f.state(arena.SlotOf(id))
	return s.Status() != arena.Free && s.Generation() == id>>10
}

// person names the process with this id; by the id alone if it is no more.
func (f *family) person(id uint32) Person {
	p := Person{ID: id}
	if f.has(id) {
		slot := &f.slots[arena.SlotOf(id)]
		p.PID, p.Name = int(slot.PID.Load()), named(slot)
	}
	return p
}

// String is how messages name a process.
func (p Person) String() string {
	switch {
	case p.ID == 0 && p.PID == 0:
		return "nobody"
	case p.PID == 0 && p.Name == "":
		return fmt.Sprintf("an ended process (id %d)", p.ID)
	}
	return fmt.Sprintf("%s (pid %d)", p.Name, p.PID)
}

// members gives the slots of a set of processes, a bit each.
func members(set *[arena.Slots / 64]atomic.Uint64) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := range set {
			for left := set[i].Load(); left != 0; left &= left - 1 {
				if !yield(uint32(64*i + bits.TrailingZeros64(left))) {
					return
				}
			}
		}
	}
}

// alive judges as the family itself does: dead is who has lost its life byte, or whose pid the kernel says is free.
func (f *family) alive(slot uint32) bool {
	s := &f.slots[slot]
	if taken, err := sys.ByteTaken(f.a.file, int64(slot)); err == nil && !taken {
		return false
	}
	pid, start, ns := int(s.PID.Load()), s.Start.Load(), s.Namespace.Load()
	if pid == 0 || ns == 0 || ns != f.a.namespace {
		return true
	}
	return !sys.Gone(pid) && (start == 0 || !sys.Reused(pid, start))
}

func (s *Snapshot) readProcesses(f *family, m *places) error {
	nested := nesting{proc: "/proc"}
	for i := range f.slots {
		slot, state := &f.slots[i], f.state(uint32(i))
		if state.Status() == arena.Free {
			continue
		}
		p := Process{
			Person: f.person(arena.ID(uint32(i), state.Generation())), State: state.Status().String(), Alive: f.alive(uint32(i)),
			Untraced: int(slot.Untraced.Load()), Since: time.Unix(0, slot.Since.Load()), Ended: moment(slot.Ended.Load()),
		}
		if parent := slot.Parent.Load(); parent != 0 {
			who := f.person(parent)
			p.Parent = &who
		}
		if status := slot.Status.Load(); status != 0 {
			code := int(int32(uint32(status - 1)))
			p.Exit = &code
		}
		p.NSPID = nested.of(f.a.namespace, nsPID{slot.Namespace.Load(), p.PID})
		if err := p.readWaits(f.a, uint32(i), m); err != nil {
			return err
		}
		s.Processes = append(s.Processes, p)
	}
	return nil
}

func (a *Arena) bell(slot uint32) (*park.Bell, error) {
	return load[park.Bell](a, a.header.BoardAt+bellsAt+arena.Offset(slot)*bellSize)
}

func (p *Process) readWaits(a *Arena, slot uint32, m *places) error {
	b, err := a.bell(slot)
	if err != nil {
		return err
	}
	now, clock := time.Now(), sys.Monotonic()
	p.Others = int(int32(b.Others.Load()))
	for i := range b.Waits {
		word := arena.Offset(b.Waits[i].Word.Load())
		if word == 0 {
			continue
		}
		w := Wait{Word: uint64(word)}
		w.Handle, w.Object = m.find(word)
		// 0 until the first look at the sleeper. Another time namespace has another clock; what cannot be is left out.
		if since := b.Waits[i].Since.Load(); since > 0 && since <= clock {
			ago := clock - since
			w.Since = now.Add(-time.Duration(ago))
		}
		p.Waits = append(p.Waits, w)
	}
	return nil
}

// named is a process's name. It changes word by word: for a moment it may be of both names.
func named(s *arena.Slot) string { return text(nameBytes(s)) }

func nameBytes(s *arena.Slot) []byte {
	var b []byte
	for i := range s.Name {
		b = binary.LittleEndian.AppendUint64(b, s.Name[i].Load())
	}
	return b
}

// text is what stands before the first zero. What a terminal would not print is replaced: names are the work of
// other programs, and are shown to people.
func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, string(b))
}

// moment is a time of the arena, in which 0 is none.
func moment(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}
