package prim

import (
	"sync/atomic"
	"unsafe"
)

// permits is the permit word: the low half, which comes first in memory on all systems that we know.
func (b *Bounded) permits() *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&b.word)) }
