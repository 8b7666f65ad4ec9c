package queue

// heap is the order of a Queue made by NewPriority: the least first, and of equals the one that was put first.
//
// compare is the user's and may panic. So each operation first asks all that it has to ask, and then changes
// the heap: a panic leaves it as it was.
type heap[T any] struct {
	compare func(a, b T) int
	entries []entry[T] // entry i is before entries 2i+1 and 2i+2
	puts    uint64     // since the queue was made
}

type entry[T any] struct {
	value T
	put   uint64 // which put it was
}

func (h *heap[T]) before(a, b *entry[T]) bool {
	c := h.compare(a.value, b.value)
	return c < 0 || c == 0 && a.put < b.put
}

func (h *heap[T]) push(v T) {
	e := entry[T]{v, h.puts}
	at := len(h.entries)
	for at > 0 && h.before(&e, &h.entries[parent(at)]) {
		at = parent(at)
	}
	h.entries = append(h.entries, e)
	for i := len(h.entries) - 1; i > at; i = parent(i) {
		h.entries[i] = h.entries[parent(i)]
	}
	h.entries[at] = e
	h.puts++
}

func parent(i int) int { return (i - 1) / 2 }

func (h *heap[T]) pop() T {
	last := len(h.entries) - 1
	path, depth := h.sink(last)
	first, e := h.entries[0], h.entries[last]
	at := 0
	for range depth {
		child := 2*at + 1 + int(path&1)
		h.entries[at] = h.entries[child]
		at, path = child, path>>1
	}
	h.entries[at] = e
	h.entries[last] = entry[T]{} // for the garbage collector
	h.entries = h.entries[:last]
	h.fit()
	return first.value
}

// sink finds the way down that the last entry takes from the top once the first is gone: for each step a bit, the
// first step in bit 0, that says whether it goes to the right.
func (h *heap[T]) sink(last int) (path uint64, depth int) {
	for at := 0; ; depth++ {
		child := 2*at + 1
		if child >= last {
			return path, depth
		}
		right := uint64(0)
		if child+1 < last && h.before(&h.entries[child+1], &h.entries[child]) {
			right = 1
		}
		child += int(right)
		if !h.before(&h.entries[child], &h.entries[last]) {
			return path, depth
		}
		path |= right << depth
		at = child
	}
}

func (h *heap[T]) drop() { h.entries = nil }

// fit gives memory back when three quarters of it are empty.
func (h *heap[T]) fit() {
	if n := len(h.entries); cap(h.entries) > kept && n <= cap(h.entries)/4 {
		h.entries = append(make([]entry[T], 0, cap(h.entries)/2), h.entries...)
	}
}
