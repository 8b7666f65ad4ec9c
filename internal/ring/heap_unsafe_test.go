package ring

import "unsafe"

// onHeap makes a ring on the heap.
func onHeap(size, most uint64) *Ring {
	words := make([]uint64, Memory(size)/wordSize)
	r := (*Ring)(unsafe.Pointer(unsafe.SliceData(words)))
	r.Init(size, most)
	return r
}
