package arena

import (
	"fmt"
	"slices"
)

// What a span is. A span in a run that is neither its first nor, if the run is free, its last has none of
// these, and its record is zero.
const (
	spanFree    uint64 = iota + 1 // the first of a free run, in the list Heap.Runs
	spanFreeEnd                   // the last of a free run of two or more; has its length, for the right neighbour
	spanRun                       // the first of a run in use
	spanBlocks                    // blocks of one size class
)

func (s *Span) kind() uint64 { return s.What & 0xFF }

// class is a size class, an index into classSizes.
func (s *Span) class() uint64 { return s.What >> 8 & 0xFF }

// Classes is the number of block sizes. What is larger than the largest gets a run of spans.
const Classes = 14

// Every size is a multiple of a cache line, and a span holds at least two blocks of each: so one block's
// freeing never makes a full span empty.
var classSizes = [Classes]uint64{64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192, 16384, 32768}

const largestBlock = 32768

// classOf is the smallest class that holds size bytes; size is at most largestBlock.
func classOf(size uint64) uint64 {
	c, _ := slices.BinarySearch(classSizes[:], size)
	return uint64(c)
}

// blockCount is what a span of blocks says of them, in one word, so that one store of a transaction changes it:
//
//	bits 0–15   first free block + 1; 0 = none. A free block's first word is the next one, in the same form.
//	bits 16–31  fresh: blocks from here on were never handed out
//	bits 32–47  used: blocks handed out now
type blockCount uint64

func newBlockCount(first, fresh, used uint64) blockCount {
	return blockCount(first | fresh<<16 | used<<32)
}

func (b blockCount) first() uint64 { return uint64(b) & 0xFFFF }
func (b blockCount) fresh() uint64 { return uint64(b) >> 16 & 0xFFFF }
func (b blockCount) used() uint64  { return uint64(b) >> 32 & 0xFFFF }

// spanAt is where a span begins.
func (a *Arena) spanAt(i uint64) Offset { return a.Header().BlocksAt + Offset(i*SpanSize) }

// span is a span's record.
func (a *Arena) span(i uint64) *Span {
	if i >= a.Header().Spans {
		panic(fmt.Sprintf("mp: corrupt arena: span %d of %d", i, a.Header().Spans))
	}
	return at[Span](a, spansAt+Offset(i*spanSize))
}

// spanOf is the span that a block lies in.
func (a *Arena) spanOf(block Offset) (uint64, *Span) {
	first := a.Header().BlocksAt
	if block < first {
		panic(fmt.Sprintf("mp: corrupt arena: a block at %#x, and the first is at %#x", uint64(block), uint64(first)))
	}
	i := uint64(block-first) / SpanSize
	return i, a.span(i)
}

// link puts a span at the front of a list.
func (t *tx) link(list *uint64, i uint64) {
	s, old := t.a.span(i), t.Get(list)
	if old != 0 {
		t.Set(&t.a.span(old-1).Prev, i+1)
	}
	t.Set(&s.Next, old)
	t.Set(list, i+1)
}

// unlink takes a span out of its list.
func (t *tx) unlink(list *uint64, i uint64) {
	s := t.a.span(i)
	next, prev := t.Get(&s.Next), t.Get(&s.Prev)
	if prev != 0 {
		list = &t.a.span(prev - 1).Next
	}
	t.Set(list, next)
	if next != 0 {
		t.Set(&t.a.span(next-1).Prev, prev)
	}
	t.Set(&s.Next, 0)
	t.Set(&s.Prev, 0)
}

// mark says what a span is.
func (t *tx) mark(i, what, count uint64) {
	s := t.a.span(i)
	t.Set(&s.What, what)
	t.Set(&s.Count, count)
}
