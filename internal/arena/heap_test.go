package arena

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// testArena is the arena of a family's first process. Like every arena it stays mapped: its parker may
// have one more tick to go when the test is over.
func testArena(t testing.TB, size int64) *Arena {
	t.Helper()
	a, err := New(t.Name(), size)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// relative is another process of the family, as far as the arena can tell: a second view with a slot of its own.
func relative(t testing.TB, a *Arena) *Arena {
	t.Helper()
	life, slot, err := a.Claim(a.id, "relative")
	if err != nil {
		t.Fatal(err)
	}
	f, err := reopen(a)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Attach(f, life, slot, true)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// end makes a relative look dead: the kernel has dropped its byte, and its pid is another's.
func end(t testing.TB, b *Arena) {
	t.Helper()
	b.MySlot().Namespace.Store(0) // the pid is that of the test, which lives
	if err := b.life.Close(); err != nil {
		t.Fatal(err)
	}
}

// sound fails the test if the heap is not as heap.go says. roots are words of the arena that own blocks.
func sound(t testing.TB, a *Arena, roots ...*uint64) {
	t.Helper()
	for _, fault := range walkHeap(a, roots) {
		t.Error(fault)
	}
	if t.Failed() {
		t.FailNow()
	}
}

func mustAlloc(t testing.TB, a *Arena, size uint64) block {
	t.Helper()
	b, err := a.alloc(size)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// walker looks at a heap that nobody changes and notes what is wrong.
type walker struct {
	a      *Arena
	faults []string
	inUse  map[Offset]uint64 // size of each block and run in use
	lists  map[uint64]string // spans that have to be in a list, and which
	bytes  uint64
	buf    []byte
}

func walkHeap(a *Arena, roots []*uint64) []string {
	a.lock()
	defer a.unlock()
	w := &walker{a: a, inUse: map[Offset]uint64{}, lists: map[uint64]string{}, buf: make([]byte, SpanSize)}
	w.spans()
	w.allLists()
	w.owners(roots)
	h := a.Heap()
	w.check(h.Bytes == w.bytes, "Bytes is %d, the blocks in use have %d", h.Bytes, w.bytes)
	w.check(h.Redo.N.Load() == 0, "a transaction is open")
	return w.faults
}

func (w *walker) check(ok bool, format string, args ...any) {
	if !ok {
		w.faults = append(w.faults, fmt.Sprintf(format, args...))
	}
}

// zero reads through the file, and only what is no hole: through the mapping, reading gives holes memory.
func (w *walker) zero(what string, from Offset, n uint64) {
	const seekData = 3
	for end := from + Offset(n); from < end; {
		data, err := w.a.file.Seek(int64(from), seekData)
		if from = max(from, Offset(data)); err != nil || from >= end {
			return // an error: no data from here to the end of the file
		}
		b := w.buf[:min(len(w.buf), int(end-from))]
		if _, err := w.a.file.ReadAt(b, int64(from)); err != nil {
			w.check(false, "reading %s: %v", what, err)
			return
		}
		w.check(allBytes(b, 0), "%s is not zero between %#x and %#x", what, uint64(from), uint64(from)+uint64(len(b)))
		from += Offset(len(b))
	}
}

func (w *walker) blank(i uint64) {
	s := w.a.span(i)
	w.check(*s == Span{}, "span %d has a record %+v inside a run or unused", i, *s)
}

func (w *walker) spans() {
	a, h := w.a, w.a.Heap()
	touching := false
	for i := uint64(0); i < h.Unused; {
		s, n := a.span(i), uint64(1)
		wasFree := false
		switch s.kind() {
		case spanFree:
			n, wasFree = s.Count, true
			w.check(!touching, "free runs touch at span %d", i)
			w.lists[i] = "runs"
			w.zero("a free run", a.spanAt(i), n*SpanSize)
			if n > 1 {
				last := a.span(i + n - 1)
				w.check(*last == Span{What: spanFreeEnd, Count: n}, "the free run at %d of %d ends in %+v", i, n, *last)
			}
			w.inside(i+1, i+n-1)
		case spanRun:
			n = s.Count
			w.check(s.Next == 0 && s.Prev == 0, "run %d in use is in a list", i)
			w.inUse[a.spanAt(i)] = n * SpanSize
			w.bytes += n * SpanSize
			w.inside(i+1, i+n)
		case spanBlocks:
			w.blocks(i, s)
		default:
			w.check(false, "span %d is nothing: %+v", i, *s)
		}
		touching, i = wasFree, i+max(n, 1)
	}
	w.check(!touching, "the last free run touches the unused spans")
	w.inside(h.Unused, a.Header().Spans)
	w.zero("unused memory", a.spanAt(h.Unused), (a.Header().Spans-h.Unused)*SpanSize)
}

func (w *walker) inside(from, to uint64) {
	for ; from < to; from++ {
		w.blank(from)
	}
}

func (w *walker) blocks(i uint64, s *Span) {
	size, c := classSizes[s.class()], blockCount(s.Count)
	capacity := SpanSize / size
	w.check(c.used() <= c.fresh() && c.fresh() <= capacity, "span %d: %d used, %d fresh, %d blocks", i, c.used(), c.fresh(), capacity)
	free := map[uint64]bool{}
	for n := c.first(); n != 0 && !free[n-1]; n = *at[uint64](w.a, w.a.spanAt(i)+Offset((n-1)*size)) {
		if w.check(n <= c.fresh(), "span %d: block %d in the free list", i, n-1); n > c.fresh() {
			break
		}
		free[n-1] = true
	}
	w.check(uint64(len(free)) == c.fresh()-c.used(), "span %d: %d in the free list, %d fresh, %d used", i, len(free), c.fresh(), c.used())
	for n := range c.fresh() {
		if !free[n] {
			w.inUse[w.a.spanAt(i)+Offset(n*size)] = size
		}
	}
	w.bytes += c.used() * size
	w.zero("a fresh block", w.a.spanAt(i)+Offset(c.fresh()*size), SpanSize-c.fresh()*size)
	switch c.used() {
	case 0:
		w.lists[i] = fmt.Sprint("spare ", s.class())
	case capacity:
	default:
		w.lists[i] = fmt.Sprint("partial ", s.class())
	}
}

func (w *walker) allLists() {
	h := w.a.Heap()
	w.list("runs", h.Runs)
	for c := range h.Partial {
		w.list(fmt.Sprint("partial ", c), h.Partial[c])
		w.list(fmt.Sprint("spare ", c), h.Spare[c])
	}
	for i, in := range w.lists {
		w.check(false, "span %d is not in list %q", i, in)
	}
}

func (w *walker) list(name string, first uint64) {
	for prev, i := uint64(0), first; i != 0; {
		s := w.a.span(i - 1)
		w.check(s.Prev == prev, "span %d in list %q: previous %d, came from %d", i-1, name, s.Prev, prev)
		if w.check(w.lists[i-1] == name, "span %d is in list %q, not %q", i-1, name, w.lists[i-1]); w.lists[i-1] != name {
			return
		}
		delete(w.lists, i-1)
		prev, i = i, s.Next
	}
}

// owners checks that each block in use is in exactly one place, and the directory with it.
func (w *walker) owners(roots []*uint64) {
	a, h := w.a, w.a.Heap()
	own := func(block Offset, what string) {
		_, ok := w.inUse[block]
		w.check(ok, "%s has block %#x, which is free, or has another owner, or is none", what, uint64(block))
		delete(w.inUse, block)
	}
	extents := func(o *Object, what string) {
		before := uint64(0)
		for e := o.Extents; e != 0; e = at[Extent](a, Offset(e)).Next {
			own(Offset(e), "an extent of "+what)
			w.check(at[Extent](a, Offset(e)).Prev == before, "an extent of %s is linked back to %#x, not to %#x", what, at[Extent](a, Offset(e)).Prev, before)
			before = e
		}
		if o.Leaving != 0 {
			own(Offset(o.Leaving), "what leaves "+what)
		}
	}
	for slot := range a.Header().Top.Load() {
		for k, block := range a.Slot(slot).Limbo {
			if block == 0 {
				continue
			}
			what := fmt.Sprintf("limbo %d of slot %d", k, slot)
			own(Offset(block&^LimboObject), what)
			if block&LimboObject != 0 {
				extents(at[Object](a, Offset(block&^LimboObject)), what)
			}
		}
	}
	for _, root := range roots {
		if *root != 0 {
			own(Offset(*root), "a root")
		}
	}
	used, free := uint64(0), map[uint64]bool{}
	for i := range h.Fresh {
		generation, off := usedEntry(*a.entry(i))
		if off == 0 {
			free[i] = true
			continue
		}
		used++
		own(off, fmt.Sprintf("object %d", i))
		o := at[Object](a, off)
		extents(o, fmt.Sprintf("object %d", i))
		w.check(o.Leaving == 0, "object %d is in use and something leaves it", i)
		held := uint64(0)
		for k := range o.Holders {
			held |= o.Holders[k].Load()
		}
		w.check(o.Index == uint32(i) && o.Generation == generation && generation != 0 && held != 0, "object %d: %v, generation %d, held %#x", i, o.Handle(), generation, held)
	}
	w.check(used == h.Objects, "Objects is %d, there are %d", h.Objects, used)
	for i := h.Free; i != 0; i = *a.entry(i - 1) & entryMask {
		w.check(free[i-1], "entry %d in the free list is used or in it twice", i-1)
		delete(free, i-1)
	}
	w.check(len(free) == 0, "%d free entries are in no list", len(free))
	for block, size := range w.inUse {
		w.check(false, "block %#x of %d bytes is in no place: leaked", uint64(block), size)
	}
}

// rootTable is an object whose payload owns blocks, n of them.
func rootTable(t testing.TB, a *Arena, n int) []*uint64 {
	t.Helper()
	o, _, err := a.NewObject(ObjectSpec{Kind: KindRawValue, Size: uint64(8 * n)})
	if err != nil {
		t.Fatal(err)
	}
	roots := make([]*uint64, n)
	for i := range roots {
		roots[i] = at[uint64](a, a.offsetOf(o)+headerSize+Offset(8*i))
	}
	return roots
}

func bytesOf(a *Arena) uint64 { return atomic.LoadUint64(&a.Heap().Bytes) }
