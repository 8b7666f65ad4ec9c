package park

import (
	"sync/atomic"
	"unsafe"
)

// hashPointer spreads addresses: Go's heap does not move, nor does a mapping.
func hashPointer(w *atomic.Uint32) uint32 {
	return hashOffset(uint64(uintptr(unsafe.Pointer(w))))
}

// hashOffset is Fibonacci hashing of a word's place in units of its size.
func hashOffset(off uint64) uint32 {
	return uint32((off >> 2 * 0x9E3779B97F4A7C15) >> 40)
}

// offset is where w lies behind base; both point into the same mapping.
func offset(base unsafe.Pointer, w *atomic.Uint32) uint64 {
	return uint64(uintptr(unsafe.Pointer(w)) - uintptr(base))
}
