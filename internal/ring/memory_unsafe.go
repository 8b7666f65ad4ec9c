package ring

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

const headSize = 256

// The ring's bytes follow its head.
const _ = uint(headSize-unsafe.Sizeof(Ring{})) + uint(unsafe.Sizeof(Ring{})-headSize)

// Memory is how many bytes a ring takes, head and all.
func Memory(size uint64) uint64 { return headSize + size }

// word is a word of the ring's bytes; i is below Size/8, as index gives it.
func (r *Ring) word(i uint64) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Add(unsafe.Pointer(r), headSize+i*wordSize))
}

// bytes are n bytes of the ring behind the header at word i.
func (r *Ring) bytes(i, n uint64) []byte {
	if (i+1)*wordSize+n > r.Size {
		panic("mp: corrupt arena: a record of a queue that leaves its ring")
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(r), headSize+(i+1)*wordSize)), n)
}

// release stores so that whoever sees it sees what was read and written before. On amd64 every store does, and the
// compiler moves none across another; an atomic one would be an exchange, three times as dear as all else here.
func release(p *atomic.Uint64, v uint64) {
	if runtime.GOARCH == "amd64" {
		*(*uint64)(unsafe.Pointer(p)) = v
		return
	}
	p.Store(v)
}

// low is the half of a mark that changes with every message.
func (m *Mark) low() *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&m.v)) }
