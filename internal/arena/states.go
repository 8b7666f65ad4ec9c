package arena

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/prim"
)

// LockState is the payload of an object of KindLock.
type LockState struct {
	_      structs.HostLayout
	Lock   prim.Lock
	Policy atomic.Uint32 // PolicyAbandon or PolicyRelease; written once, before the object is published

	Conditions atomic.Uint32 // 1: there are conditions over it, or were; before the first of them is published
	_          [44]byte
}

// What a holder's death does to a lock.
const (
	PolicyAbandon uint32 = iota // lockers get an error until one has mended what the lock guards
	PolicyRelease               // the lock is free again
)

// ValueState is the head of the payload of an object of KindValue.
//
// A value of at most 8 bytes lies in Word and changes by one instruction. A larger one has two copies
// behind this head, 64-byte aligned: copy Seq&1 is the value. A writer holds Lock, writes the other copy and
// adds 1 to Seq, which commits: killed before, nothing has happened. Readers copy without the lock and
// read Seq again. Lock is held consistent (C) always, so a death frees it.
type ValueState struct {
	_    structs.HostLayout
	Lock prim.Lock
	Seq  atomic.Uint32
	Size uint32 // of the value
	_    uint32
	Word atomic.Uint64
	_    [32]byte
}

// CopySize is the room of one copy of a value of the given size.
func CopySize(size uint64) uint64 { return (size + 63) &^ 63 }
