package arena

import (
	"fmt"
	"math"

	"github.com/multiproc/mp/internal/failpoint"
)

// block is memory in this process's hand: allocated, and not yet in any place where others find it. Killed
// with it in hand, the sweep frees it. It goes on by publish, or with NewObject's transaction, or back by
// discard; each gives the limbo place free. A process has at most LimboSize of them, and the next one
// to ask waits: so nobody asks for a second with one in hand.
type block struct {
	at    Offset
	place uint32
}

// alloc gives a zeroed block of at least size bytes, aligned to a cache line, whose memory is reserved:
// writing to it cannot fault. Of more than largestBlock bytes it takes whole spans, and a system call in
// proportion to their number. It returns a *FullError if there is no room, or if the kernel refuses.
func (a *Arena) alloc(size uint64) (b block, err error) {
	b.place = a.limbo.take()
	place := a.place(b.place)
	if size <= largestBlock {
		b.at, err = a.allocBlock(classOf(size), size, place)
	} else {
		b.at, err = a.allocRun(spansFor(size), size, place)
	}
	failpoint.Hit("heap: allocated")
	if err != nil {
		a.limbo.put(b.place)
	}
	return b, err
}

func spansFor(size uint64) uint64 { return (size-1)/SpanSize + 1 }

// full is the error for a request of size bytes.
func full(size, left uint64, err error) error {
	clip := func(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
	return &FullError{What: "bytes", Asked: clip(size), Left: clip(left), Err: err}
}

func (a *Arena) allocBlock(class, size uint64, place *uint64) (Offset, error) {
	block, used := a.pop(class, place)
	switch {
	case block == 0:
		return a.popNew(class, size, place)
	case used:
		clear(a.Bytes(block, classSizes[class]))
	}
	return block, nil
}

// pop moves a free block into a limbo place. It tells whether the block was in use before, and so is not
// zero; 0 if the class has no free block.
func (a *Arena) pop(class uint64, place *uint64) (block Offset, used bool) {
	a.lock()
	defer a.unlock()
	h, t := a.Heap(), a.begin()
	i := h.Partial[class]
	if i == 0 {
		if i = h.Spare[class]; i == 0 {
			return 0, false
		}
		t.Set(&h.Spare[class], 0)
		t.link(&h.Partial[class], i-1)
	}
	i--
	s, size := a.span(i), classSizes[class]
	c := blockCount(s.Count)
	n, next, fresh := c.fresh(), c.first(), c.fresh()
	if used = next != 0; used {
		n = next - 1
		if next = *at[uint64](a, a.spanAt(i)+Offset(n*size)); next > fresh {
			panic(fmt.Sprintf("mp: corrupt arena: a free block of span %d leads to block %d of %d; something wrote to it after it was freed", i, next, fresh))
		}
	} else {
		fresh++
	}
	if c.used()+1 == SpanSize/size {
		t.unlink(&h.Partial[class], i)
	}
	block = a.spanAt(i) + Offset(n*size)
	t.Set(&s.Count, uint64(newBlockCount(next, fresh, c.used()+1)))
	t.Set(&h.Bytes, h.Bytes+size)
	t.Set(place, uint64(block))
	t.Commit()
	return block, used
}

// popNew makes a new span of blocks and takes its first one. A span is a run until its memory is reserved,
// so that no other process finds blocks that it cannot write to.
func (a *Arena) popNew(class, size uint64, place *uint64) (Offset, error) {
	block, err := a.allocRun(1, size, place)
	if err != nil {
		return 0, err
	}
	a.lock()
	defer a.unlock()
	h, t := a.Heap(), a.begin()
	i, _ := a.spanOf(block)
	t.mark(i, spanBlocks|class<<8, uint64(newBlockCount(0, 1, 1)))
	t.link(&h.Partial[class], i)
	t.Set(&h.Bytes, h.Bytes-SpanSize+classSizes[class])
	t.Commit()
	return block, nil // the place says so already: the first block begins where the span does
}

// detach adds to a transaction what takes a block or run out of use; the caller adds where it was found. If
// it returns true, place holds a run afterwards, and freeRun has to follow; otherwise place is empty.
func (t *tx) detach(block Offset, place *uint64) (run bool) {
	i, s := t.a.spanOf(block)
	within := uint64(block - t.a.spanAt(i))
	switch {
	case s.kind() == spanRun && within == 0:
		t.Set(place, uint64(block))
		return true
	case s.kind() == spanBlocks && within%classSizes[s.class()] == 0 && within/classSizes[s.class()] < blockCount(s.Count).fresh():
		return t.push(i, within/classSizes[s.class()], place)
	}
	panic(fmt.Sprintf("mp: corrupt arena: no block begins at %#x", uint64(block)))
}

// push adds to a transaction what frees block n of a span. The last block of a span frees the span: one a
// class is kept for the next alloc, any other becomes a run in place.
func (t *tx) push(i, n uint64, place *uint64) (run bool) {
	a, h, s := t.a, t.a.Heap(), t.a.span(i)
	class := s.class()
	size, list := classSizes[class], &h.Partial[class]
	c := blockCount(s.Count)
	if c.used() == 0 {
		panic(fmt.Sprintf("mp: corrupt arena: block %d of span %d freed twice", n, i))
	}
	if c.used() == 1 && h.Spare[class] != 0 {
		t.unlink(list, i)
		t.mark(i, spanRun, 1)
		t.Set(&h.Bytes, h.Bytes-size+SpanSize)
		t.Set(place, uint64(a.spanAt(i)))
		return true
	}
	switch c.used() {
	case SpanSize / size:
		t.link(list, i)
	case 1:
		t.unlink(list, i)
		t.Set(&h.Spare[class], i+1)
	}
	t.Set(at[uint64](a, a.spanAt(i)+Offset(n*size)), c.first())
	t.Set(&s.Count, uint64(newBlockCount(n+1, c.fresh(), c.used()-1)))
	t.Set(&h.Bytes, h.Bytes-size)
	t.Set(place, 0)
	return false
}
