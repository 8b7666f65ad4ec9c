package arena

import (
	"fmt"
	"unsafe"

	"github.com/multiproc/mp/internal/park"
)

// at turns an offset into a pointer, and is the only place that does. A place outside of the arena or
// misaligned is a corrupt arena: there is no going on with it.
func at[T any](a *Arena, off Offset) *T {
	var t *T // of which size and alignment are asked, and which is never made: a T may be large
	if off == 0 || uint64(off) > a.size || a.size-uint64(off) < uint64(unsafe.Sizeof(*t)) || uintptr(off)%unsafe.Alignof(*t) != 0 {
		panic(fmt.Sprintf("mp: corrupt arena: offset %#x for %d bytes in an arena of %#x", uint64(off), unsafe.Sizeof(*t), a.size))
	}
	return (*T)(unsafe.Add(a.base, off))
}

// PayloadOf is what lies behind an object's header.
func PayloadOf[T any](o *Object) *T { return (*T)(unsafe.Add(unsafe.Pointer(o), unsafe.Sizeof(*o))) }

// PayloadBytes is n bytes of an object's payload from the given place on.
func PayloadBytes(o *Object, from, n uint64) []byte {
	if from > o.Size || o.Size-from < n {
		panic(fmt.Sprintf("mp: corrupt arena: %d bytes at %d in an object of %d", n, from, o.Size))
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(o), uint64(unsafe.Sizeof(*o))+from)), n)
}

// Bytes is the memory of a block.
func (a *Arena) Bytes(off Offset, n uint64) []byte {
	if off == 0 || uint64(off) > a.size || a.size-uint64(off) < n {
		panic(fmt.Sprintf("mp: corrupt arena: %d bytes at offset %#x in an arena of %#x", n, uint64(off), a.size))
	}
	return unsafe.Slice((*byte)(unsafe.Add(a.base, off)), n)
}

// Header is the arena's first page.
func (a *Arena) Header() *Header { return (*Header)(a.base) }

// Slot is a process's line in the table.
func (a *Arena) Slot(slot uint32) *Slot {
	return at[Slot](a, tableAt+Offset(slot%Slots)*slotSize)
}

// Board is the parker's part.
func (a *Arena) Board() *park.Board { return at[park.Board](a, boardAt) }

// Heap is the allocator's part.
func (a *Arena) Heap() *Heap { return at[Heap](a, heapAt) }

// checksum covers all of the header behind the checksum itself: FNV-1a, which has no tables that a child would
// have to make as it starts.
func checksum(h *Header) uint32 {
	b := unsafe.Slice((*byte)(unsafe.Pointer(h)), unsafe.Sizeof(*h))
	sum := uint32(2166136261)
	for _, c := range b[unsafe.Offsetof(h.Size):] {
		sum = (sum ^ uint32(c)) * 16777619
	}
	return sum
}

func hex(v uint64) string  { return fmt.Sprintf("%#x", v) }
func bytes(n int64) string { return fmt.Sprintf("%d bytes", n) }
