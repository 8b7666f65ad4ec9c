package ring

import (
	"sync/atomic"
	"unsafe"
)

const headSize = 320

// The ring's bytes follow its head, and a message's its block's.
const (
	_ = uint(headSize-unsafe.Sizeof(Ring{})) + uint(unsafe.Sizeof(Ring{})-headSize)
	_ = uint(BlockSize-unsafe.Sizeof(Block{})) + uint(unsafe.Sizeof(Block{})-BlockSize)
)

// Memory is how many bytes a ring takes, head and all.
func Memory(size uint64) uint64 { return headSize + size }

// word is a word of the ring's bytes; i is as index gives it.
func (r *Ring) word(i uint64) *uint64 {
	return (*uint64)(unsafe.Add(unsafe.Pointer(r), headSize+i*wordSize))
}

// bytes are n bytes of the ring behind the header at word i, where a record with so many has been found to end in the ring.
func (r *Ring) bytes(u *User, i, n uint64) []byte {
	if (i+1)*wordSize+n > u.words*wordSize {
		panic("mp: a record that leaves its ring")
	}
	if n == 0 {
		return nil // there may be no byte behind the header
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(r), headSize+(i+1)*wordSize)), n)
}

// low is the half of a mark that changes with every message, as a word to sleep on: it comes first in memory on all
// systems that we know.
func (m *Mark) low() *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&m.v)) }
