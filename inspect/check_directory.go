package inspect

import (
	"fmt"

	"github.com/multiproc/mp/internal/arena"
)

// directory looks at the entries and their free list, and notes the blocks that objects lie in.
func (w *walk) directory(words []uint64) {
	h := w.heap
	w.must(h.Fresh <= arena.MaxObjects, "directory", "entries used", fmt.Sprintf("at most %d", arena.MaxObjects), "%d", h.Fresh)
	objects, listed := uint64(0), uint64(0)
	for i, word := range words {
		generation, block, _, free := entry(word)
		where := fmt.Sprintf("directory entry %d", i)
		w.must(generation != 0, where, "generation", "1 or more, as it was used", "0")
		if free {
			listed++
			continue
		}
		objects++
		if w.must(w.a.inHeap(block) && block < w.end(), where, "object", "in the heap", "at %#x", uint64(block)) {
			w.owners = append(w.owners, owner{block: block, slot: -1, index: i})
		}
		if w.full() {
			return
		}
	}
	w.must(objects == h.Objects, "heap", "objects", fmt.Sprint(objects), "%d", h.Objects)
	w.freeEntries(words, listed)
}

// freeEntries follows the list of free entries, each of which must be in it once.
func (w *walk) freeEntries(words []uint64, free uint64) {
	seen := make([]bool, len(words))
	n := uint64(0)
	for next := w.heap.Free; next != 0; n++ {
		at := next - 1
		if !w.must(at < uint64(len(words)), "directory", "free list", "entries that were used", "entry %d", at) {
			return
		}
		_, _, after, isFree := entry(words[at])
		if !w.must(isFree && !seen[at], "directory", "free list", "each free entry once", "entry %d, used or a second time", at) {
			return
		}
		seen[at], next = true, after
	}
	w.must(n == free, "directory", "free list", fmt.Sprintf("%d entries", free), "%d", n)
}
