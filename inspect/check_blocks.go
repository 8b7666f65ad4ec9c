package inspect

import (
	"fmt"

	"github.com/multiproc/mp/internal/arena"
)

// blocks looks at a span of blocks of one size: each is fresh, in the free list, or in use and then somebody's.
func (w *walk) blocks(i uint64, s *arena.Span) error {
	class := spanClass(s)
	if class >= arena.Classes {
		w.breaks(i, "size class", fmt.Sprintf("below %d", arena.Classes), "%d", class)
		return nil
	}
	first, fresh, used := counts(s)
	size := classSizes[class]
	capacity := arena.SpanSize / size
	w.bytes += used * size
	if !w.must(used <= fresh && fresh <= capacity, spanName(i), "blocks", fmt.Sprintf("used ≤ fresh ≤ %d", capacity), "%d used, %d fresh", used, fresh) {
		w.take(w.spanAt(i + 1))
		return nil
	}
	switch used {
	case 0:
		w.lists[i] = spare(class)
	case capacity:
		w.must(s.Next == 0 && s.Prev == 0, spanName(i), "list", "none, as all its blocks are in use", "links to %d and %d", s.Prev, s.Next)
	default:
		w.lists[i] = partial(class)
	}
	free, err := w.freeBlocks(i, size, first, fresh, used)
	if err != nil {
		return err
	}
	w.ownedBlocks(i, size, fresh, used, free)
	return nil
}

// freeBlocks follows the free list through the span's memory; nil if it is broken.
func (w *walk) freeBlocks(i, size, first, fresh, used uint64) ([]bool, error) {
	free, n := make([]bool, fresh), uint64(0)
	if fresh == used && first == 0 {
		return free, nil
	}
	memory, err := loadSlice[uint64](w.a, w.spanAt(i), arena.SpanSize/8)
	if err != nil {
		return nil, err
	}
	for next := first; next != 0; n++ {
		at := next - 1
		if !w.must(at < fresh, spanName(i), "free list", fmt.Sprintf("blocks below %d", fresh), "block %d", at) ||
			!w.must(!free[at], spanName(i), "free list", "each block once", "block %d a second time", at) {
			return nil, nil
		}
		free[at], next = true, memory[at*size/8]
	}
	if !w.must(n == fresh-used, spanName(i), "free list", fmt.Sprintf("%d blocks", fresh-used), "%d", n) {
		return nil, nil
	}
	return free, nil
}

// ownedBlocks compares the blocks in use with those that have a place.
func (w *walk) ownedBlocks(i, size, fresh, used uint64, free []bool) {
	owned, last := uint64(0), arena.Offset(0)
	for _, o := range w.take(w.spanAt(i + 1)) {
		within := uint64(o.block - w.spanAt(i))
		at := within / size
		switch {
		case within%size != 0 || at >= fresh:
			w.add(o.String(), "block", "one of the heap", "%#x, no block of %d bytes", uint64(o.block), size)
		case free != nil && free[at]:
			w.add(o.String(), "block", "one in use", "%#x, which is free", uint64(o.block))
		case o.block != last: // a second place of the same block is a finding already
			owned++
		}
		last = o.block
	}
	if free != nil && !w.strange {
		w.must(owned == used, spanName(i), fmt.Sprintf("blocks of %d bytes", size), fmt.Sprintf("%d in use, as many have a place", owned), "%d in use", used)
	}
}
