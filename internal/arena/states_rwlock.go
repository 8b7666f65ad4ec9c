package arena

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/prim"
)

// RWLockState is the payload of an object of KindRWLock. Readers is dense: a writer looks at 16 processes with each
// cache line, and readers of different processes share one only with those beside them in the table.
type RWLockState struct {
	_       structs.HostLayout
	Head    RWLockHead
	Readers [Slots]atomic.Uint32 // how many readers of each process are inside, or about to look; bit 31: a writer sleeps on it
}

// RWLockHead is what is not a process's own.
type RWLockHead struct {
	_      structs.HostLayout
	RW     prim.RWLock
	Policy atomic.Uint32 // PolicyAbandon or PolicyRelease; written once, before the object is published
	_      [36]byte
}

func (s *RWLockState) died(a *Arena, o *Object, slot, id uint32) {
	side := prim.RWSide{Slot: slot, Readers: s.Readers[:], Parker: a.park}
	s.Head.RW.Died(&side, id, s.Head.Policy.Load() == PolicyRelease, func() { o.noteDeath(a.Who(slot)) })
}

func (s *RWLockState) engages(slot, id uint32) bool {
	writer, _, dead := s.Head.RW.Writer()
	readers, _ := prim.Readers(s.Readers[slot].Load())
	return writer == id && !dead || readers != 0
}
