package inspect

import (
	"unsafe"

	"github.com/multiproc/mp/internal/arena"
)

// ringWords are the bytes behind a queue's state.
func ringWords(s *arena.QueueState, size int) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Add(unsafe.Pointer(s), queueSize)), size/8)
}
