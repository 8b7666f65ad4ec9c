package park

import (
	"structs"
	"sync/atomic"
)

// Sizes of the board. Slots bounds the processes of a family.
const (
	Slots   = 1024
	Buckets = 256
	// Direct is how many threads of one process may sleep in the kernel on words; see Shared.
	Direct = 24
)

// Board is the parker's part of the shared memory. All zero is an empty board.
type Board struct {
	_     structs.HostLayout
	Masks [Buckets]Mask
	Bells [Slots]Bell
}

// Mask says which processes have overflow waiters for a word of this bucket: bit s%64 of word s/64.
// A process sets and clears its own bit; the sweep clears that of the dead.
type Mask struct {
	_    structs.HostLayout
	Bits [Slots / 64]atomic.Uint64
}

// Bell is how a process's dispatcher is called, and where the process shows what it waits for.
type Bell struct {
	_       structs.HostLayout
	Seq     atomic.Uint32 // the futex; a caller adds 1 after setting a bucket's bit
	Others  atomic.Uint32 // overflow waiters and followers, for the looker only
	Buckets [Buckets / 64]atomic.Uint64
	_       [24]byte
	Waits   [Direct]Wait
}

// Wait is one word on which a thread of the process sleeps in the kernel, for the looker only.
type Wait struct {
	_     structs.HostLayout
	Word  atomic.Uint64 // offset in the arena; 0 = none
	Since atomic.Int64  // CLOCK_MONOTONIC, ns
}

// Forget wipes a dead process off the board.
func (b *Board) Forget(slot uint32) {
	for i := range b.Masks {
		b.Masks[i].Bits[slot/64].And(^(uint64(1) << (slot % 64)))
	}
	bell := &b.Bells[slot]
	bell.Others.Store(0)
	for i := range bell.Buckets {
		bell.Buckets[i].Store(0)
	}
	for i := range bell.Waits {
		bell.Waits[i].Word.Store(0)
	}
}
