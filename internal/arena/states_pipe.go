package arena

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/ring"
)

// PipeState is the head of the payload of an object of KindPipe: two ends that face each other. Behind it lies a ring for
// what end 0 sends, then one for what end 1 sends.
//
// An end is held by the processes whose bits are set: they have it open, or it is on its way to them. A process that holds
// an end may bring in another, and nobody else may; so an end that nobody holds is gone for ever, and both rings are shut:
// no more goes to it, and what it has sent can still be taken. Bits change under the heap lock, so that one
// process cannot come while another finds that all have gone. Who takes the last bit shuts the rings; killed before it
// has, the sweep does, which takes the bits of the dead.
type PipeState struct {
	_     structs.HostLayout
	Sizes [2]uint64 // of the rings, by who sends; 0: there is none, nothing travels this way; written once
	_     [48]byte
	Ends  [2]PipeEnd
}

// PipeEnd is who holds an end.
type PipeEnd struct {
	_       structs.HostLayout
	Holders [Slots / 64]atomic.Uint64 // a bit a process
}

// Enter makes the process in a slot a holder, in a call of Lend or before the object is published.
func (e *PipeEnd) Enter(slot uint32) { e.Holders[slot/64].Or(1 << (slot % 64)) }

func (e *PipeEnd) heldBy(slot uint32) bool { return e.Holders[slot/64].Load()&(1<<(slot%64)) != 0 }

// Gone tells whether nobody holds it.
func (e *PipeEnd) Gone() bool {
	for i := range e.Holders {
		if e.Holders[i].Load() != 0 {
			return false
		}
	}
	return true
}

// leave takes a process's bit, under the heap lock, and tells whether nobody holds the end now.
func (e *PipeEnd) leave(slot uint32) (gone bool) {
	e.Holders[slot/64].And(^(uint64(1) << (slot % 64)))
	return e.Gone()
}

const pipeHead = 320

// PipeSize is the payload of a pipe with rings of these sizes.
func PipeSize(sizes [2]uint64) uint64 { return pipeHead + pipeRing(sizes[0]) + pipeRing(sizes[1]) }

func pipeRing(size uint64) uint64 {
	if size == 0 {
		return 0
	}
	return ring.Memory(size)
}

// InitPipe makes a pipe of zeroed memory whose ends this process holds.
func (a *Arena) InitPipe(o *Object, sizes [2]uint64) {
	s := PayloadOf[PipeState](o)
	s.Sizes = sizes
	for end := range s.Ends {
		s.Ends[end].Enter(a.slot)
		if r := a.PipeRing(o, end); r != nil {
			r.Init(sizes[end], 0)
		}
	}
}

// PipeRing is the ring for what an end sends; nil if it sends nothing.
func (a *Arena) PipeRing(o *Object, end int) *ring.Ring {
	s := PayloadOf[PipeState](o)
	if s.Sizes[end] == 0 {
		return nil
	}
	off := a.offsetOf(o) + headerSize + pipeHead
	if end == 1 {
		off += Offset(pipeRing(s.Sizes[0]))
	}
	return at[ring.Ring](a, off)
}

// JoinEnd makes this process a holder of an end, unless nobody is.
func (a *Arena) JoinEnd(o *Object, end int) bool {
	a.lock()
	defer a.unlock()
	e := &PayloadOf[PipeState](o).Ends[end]
	if e.Gone() {
		return false
	}
	e.Enter(a.slot)
	failpoint.Hit("pipe: end joined")
	return true
}

// LeaveEnd ends this process's hold on an end.
func (a *Arena) LeaveEnd(o *Object, end int) {
	a.lock()
	gone := PayloadOf[PipeState](o).Ends[end].leave(a.slot)
	failpoint.Hit("pipe: leaving")
	a.unlock()
	if gone {
		failpoint.Hit("pipe: end left")
		a.shutPipe(a.id, o, blocks{a, o})
	}
}

// PipeUser is this process's way of using the ring for what an end sends; nil if it sends nothing. *ring.CorruptError: there is none.
func (a *Arena) PipeUser(o *Object, end int) (*ring.User, error) {
	return a.pipeUser(a.id, o, end, blocks{a, o})
}

func (a *Arena) pipeUser(id uint32, o *Object, end int, s ring.Store) (*ring.User, error) {
	r := a.PipeRing(o, end)
	if r == nil {
		return nil, nil
	}
	return a.ringUser(id, r, pipeRing(PayloadOf[PipeState](o).Sizes[end]), s, uint64(end))
}

// shutPipe is for a process that holds the pipe, or for the sweep of one that did. It may be done again. A ring that is none needs none.
func (a *Arena) shutPipe(id uint32, o *Object, s ring.Store) {
	for end := range 2 {
		if u, err := a.pipeUser(id, o, end, s); u != nil && err == nil {
			a.PipeRing(o, end).Shutdown(u, false)
			failpoint.Hit("pipe: shut one way")
		}
	}
}

// died goes on where the dead was killed while it left, and tells who waits that an end is gone.
func (s *PipeState) died(a *Arena, o *Object, slot, id uint32) {
	for end := range s.Ends {
		if r := a.PipeRing(o, end); r != nil {
			a.sweepRing(r, o, pipeRing(s.Sizes[end]), slot, id, uint64(end))
		}
	}
	gone := false
	a.lockSweeping()
	for end := range s.Ends {
		gone = s.Ends[end].leave(slot) || gone
	}
	a.unlock()
	failpoint.Hit("sweep: ends left")
	if gone {
		a.shutPipe(id, o, sweptBlocks{blocks{a, o}, &a.Slot(slot).Limbo[0]})
	}
}

// engages: an end may be held by a process that never opened it: it was on its way to it.
func (s *PipeState) engages(slot, _ uint32) bool {
	return s.Ends[0].heldBy(slot) || s.Ends[1].heldBy(slot)
}
