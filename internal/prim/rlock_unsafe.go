package prim

import (
	"sync/atomic"
	"unsafe"
)

// low is the low half of a word, at the word's own address: the machine is little-endian, see bigendian.go.
func low(w *atomic.Uint64) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(w)) }
