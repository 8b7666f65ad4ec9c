package arena

import (
	"structs"
	"unsafe"
)

// Span is the record of one span of the heap. Only transactions change it.
type Span struct {
	_     structs.HostLayout
	What  uint64 // bits 0–7 kind, 8–15 size class
	Count uint64 // of a run: its length in spans; of a span of blocks: see blockCount
	Next  uint64 // in the span's list, index + 1; 0 = none
	Prev  uint64
}

const (
	spanSize = 32
	_        = uint(spanSize-unsafe.Sizeof(Span{})) + uint(unsafe.Sizeof(Span{})-spanSize)
)
