package ring

import (
	"sync/atomic"
	"unsafe"
)

const headSize = 192

// The ring's bytes follow its head.
const _ = uint(headSize-unsafe.Sizeof(Ring{})) + uint(unsafe.Sizeof(Ring{})-headSize)

// Memory is how many bytes a ring takes, head and all.
func Memory(size uint64) uint64 { return headSize + size }

// word is a word of the ring's bytes; i is below Size/8, as index gives it.
func (r *Ring) word(i uint64) *uint64 {
	return (*uint64)(unsafe.Add(unsafe.Pointer(r), headSize+i*wordSize))
}

// bytes are n bytes of the ring behind the header at word i.
func (r *Ring) bytes(i, n uint64) []byte {
	if (i+1)*wordSize+n > r.Size {
		panic("mp: corrupt arena: a record of a queue that leaves its ring")
	}
	if n == 0 {
		return nil // there may be no byte behind the header
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(r), headSize+(i+1)*wordSize)), n)
}

// low is the half of a mark that changes with every message, as a word to sleep on: it comes first in memory on all
// systems that we know.
func (m *Mark) low() *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&m.v)) }
