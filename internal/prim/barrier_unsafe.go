package prim

import (
	"sync/atomic"
	"unsafe"
)

// turnHalf is where the low half of a uint64 lies on this processor.
var turnHalf = func() uintptr {
	one := uint64(1)
	if *(*byte)(unsafe.Pointer(&one)) == 1 {
		return 0
	}
	return 4
}()

// turn is the half of the state that waiters sleep on: a futex has 32 bits.
func (b *Barrier) turn() *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Add(unsafe.Pointer(&b.state), turnHalf))
}
