package inspect

import (
	"fmt"

	"github.com/multiproc/mp/internal/arena"
)

const (
	chunkSpans = 2048 // records read at a time
	blankSpans = 4096 // records looked at behind the last one in use
)

// span copies a span's record. i is below the arena's number of spans.
func (w *walk) span(i uint64) (*arena.Span, error) {
	if i < w.chunkAt || i-w.chunkAt >= uint64(len(w.chunk)) {
		first := i &^ (chunkSpans - 1)
		var err error
		if w.chunk, err = loadSlice[arena.Span](w.a, w.a.header.SpansAt+arena.Offset(first)*spanSize, min(chunkSpans, w.a.header.Spans-first)); err != nil {
			return nil, err
		}
		w.chunkAt = first
	}
	s := w.chunk[i-w.chunkAt]
	return &s, nil
}

func spanName(i uint64) string { return fmt.Sprintf("span %d", i) }

// spans goes from span to span: each is in one run, or in blocks of one size.
func (w *walk) spans() error {
	freeBefore := false
	for i := uint64(0); i < w.unused && !w.broken && !w.full(); {
		s, err := w.span(i)
		if err != nil {
			return err
		}
		n, free := uint64(1), false
		switch spanKind(s) {
		case spanFree:
			free = true
			w.must(!freeBefore, spanName(i), "free run", "joined with the one before", "two that touch")
			n, err = w.freeRun(i, s)
		case spanRun:
			n, err = w.run(i, s)
		case spanBlocks:
			err = w.blocks(i, s)
		default:
			w.breaks(i, "kind", "a run or blocks", "%s", kindName(s))
		}
		if err != nil {
			return err
		}
		freeBefore, i = free, i+n
	}
	if w.broken || w.full() {
		return nil
	}
	w.must(!freeBefore, "heap", "spans used", "to end with one in use", "a free run at their end")
	w.must(w.bytes == w.heap.Bytes, "heap", "bytes in use", fmt.Sprint(w.bytes), "%d", w.heap.Bytes)
	for _, o := range w.owners {
		w.add(o.String(), "block", "one of the heap", "%#x, in nothing", uint64(o.block))
	}
	if err := w.blank(w.unused, min(w.unused+blankSpans, w.a.header.Spans)); err != nil {
		return err
	}
	return w.allLists()
}

func kindName(s *arena.Span) string {
	if k := spanKind(s); k < uint64(len(spanKinds)) {
		return spanKinds[k]
	}
	return fmt.Sprintf("kind %d", spanKind(s))
}

// breaks adds a finding that makes the rest of the heap unreadable.
func (w *walk) breaks(i uint64, what, expected, found string, args ...any) {
	w.broken = true
	w.add(spanName(i), what, expected, found, args...)
}

// length is that of a run that begins at span i; 0 if it cannot be.
func (w *walk) length(i uint64, s *arena.Span) uint64 {
	if s.Count == 0 || s.Count > w.unused-i {
		w.breaks(i, "length", fmt.Sprintf("1 to %d spans", w.unused-i), "%d", s.Count)
		return 0
	}
	w.must(s.What>>8 == 0, spanName(i), "size class", "none, as it is a run", "%d", spanClass(s))
	return s.Count
}

func (w *walk) freeRun(i uint64, s *arena.Span) (n uint64, err error) {
	if n = w.length(i, s); n == 0 {
		return 0, nil
	}
	w.lists[i] = runs
	for _, o := range w.take(w.spanAt(i + n)) {
		w.add(o.String(), "block", "one in use", "%#x, in a free run", uint64(o.block))
	}
	if n == 1 {
		return n, nil
	}
	end, err := w.span(i + n - 1)
	if err != nil {
		return n, err
	}
	w.must(*end == arena.Span{What: spanFreeEnd, Count: n}, spanName(i+n-1), "record", fmt.Sprintf("the end of a free run of %d", n), "%s, count %d", kindName(end), end.Count)
	return n, w.blank(i+1, i+n-1)
}

func (w *walk) run(i uint64, s *arena.Span) (n uint64, err error) {
	if n = w.length(i, s); n == 0 {
		return 0, nil
	}
	w.must(s.Next == 0 && s.Prev == 0, spanName(i), "list", "none, as it is in use", "links to %d and %d", s.Prev, s.Next)
	w.bytes += n * arena.SpanSize
	owned := false
	for _, o := range w.take(w.spanAt(i + n)) {
		w.must(o.block == w.spanAt(i), o.String(), "block", "the beginning of one", "%#x, inside a run", uint64(o.block))
		owned = owned || o.block == w.spanAt(i)
	}
	w.must(owned || w.strange, spanName(i), "place", "one, as the run is in use", "none: it is lost")
	return n, w.blank(i+1, i+n)
}

// blank looks at records that have nothing to say.
func (w *walk) blank(from, to uint64) error {
	for i := from; i < to && !w.full(); i++ {
		s, err := w.span(i)
		if err != nil {
			return err
		}
		w.must(*s == arena.Span{}, spanName(i), "record", "zeros, as it is inside a run or unused", "%s, count %d", kindName(s), s.Count)
	}
	return nil
}

// take gives the owners of blocks below end, and forgets them: spans are visited in their order.
func (w *walk) take(end arena.Offset) []owner {
	n := 0
	for n < len(w.owners) && w.owners[n].block < end {
		n++
	}
	taken := w.owners[:n]
	w.owners = w.owners[n:]
	return taken
}

// room is the size of the block at a place, by its span; false if none begins there.
func (w *walk) room(block arena.Offset) (uint64, bool) {
	i := uint64(block-w.a.header.BlocksAt) / arena.SpanSize
	if i >= w.unused {
		return 0, false
	}
	s, err := w.span(i)
	if err != nil {
		return 0, false
	}
	switch within := uint64(block - w.spanAt(i)); spanKind(s) {
	case spanRun:
		return s.Count * arena.SpanSize, within == 0 && s.Count > 0 && s.Count <= w.unused-i
	case spanBlocks:
		if c := spanClass(s); c < arena.Classes {
			return classSizes[c], within%classSizes[c] == 0 && classSizes[c] > uint64(headerSize)
		}
	}
	return 0, false
}
