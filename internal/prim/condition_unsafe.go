package prim

import (
	"sync/atomic"
	"unsafe"
)

// grantedWord is the half of a node that changes by a grant, as a word to sleep on: the low half, which lies first
// on all machines that the layout is for.
func grantedWord(node *atomic.Uint64) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(node)) }
