package arena

import (
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/sys"
)

// reserveStep bounds one reservation: the kernel undoes all of one that a signal interrupts, and with a
// profiler's signals a large one would never end.
const reserveStep = 16 << 20

// reserve gives memory to a part of the arena.
func (a *Arena) reserve(off Offset, n uint64) error {
	for n > 0 {
		step := min(n, reserveStep)
		if err := sys.Reserve(a.file, int64(off), int64(step)); err != nil {
			return err
		}
		off, n = off+Offset(step), n-step
	}
	return nil
}

// allocRun gives n spans of zeroed and reserved memory, held by a limbo place. size is what is asked for, in
// bytes, for the error.
func (a *Arena) allocRun(n, size uint64, place *uint64) (Offset, error) {
	run, err := a.takeRun(n, size, place)
	if err != nil {
		return 0, err
	}
	failpoint.Hit("heap: run taken")
	if err := a.reserve(run, n*SpanSize); err != nil {
		a.freeRun(place, a.lock)
		return 0, full(size, 0, err)
	}
	failpoint.Hit("heap: run reserved")
	return run, nil
}

// takeRun moves n spans into a limbo place: from the first free run that is long enough, else from the spans
// that were never used. It looks at every free run, in the worst case.
func (a *Arena) takeRun(n, size uint64, place *uint64) (Offset, error) {
	a.lock()
	defer a.unlock()
	h, t := a.Heap(), a.begin()
	unused := a.Header().Spans - h.Unused
	longest, i := unused, h.Runs
	for ; i != 0 && a.span(i-1).Count < n; i = a.span(i - 1).Next {
		longest = max(longest, a.span(i-1).Count)
	}
	var first uint64
	switch {
	case i != 0:
		first = t.cutRun(i-1, n)
	case n <= unused:
		if err := a.reserveRecords(h.Unused, n); err != nil {
			return 0, full(size, 0, err)
		}
		first = h.Unused
		t.Set(&h.Unused, first+n)
	default:
		return 0, full(size, longest*SpanSize, nil)
	}
	t.mark(first, spanRun, n)
	t.Set(&h.Bytes, h.Bytes+n*SpanSize)
	t.Set(place, uint64(a.spanAt(first)))
	t.Commit()
	return a.spanAt(first), nil
}

// reserveRecords gives memory to the records of n spans from i on, where those before i have it. It is done
// under the lock, as nobody may find records that he cannot write to: a page is enough for 128 spans.
func (a *Arena) reserveRecords(i, n uint64) error {
	up := func(i uint64) Offset { return (spansAt + Offset(i*spanSize) + PageSize - 1) &^ (PageSize - 1) }
	return a.reserve(up(i), uint64(up(i+n)-up(i)))
}

// cutRun takes n spans from the end of a free run, so that what is left keeps its place in the list.
func (t *tx) cutRun(i, n uint64) (first uint64) {
	length := t.a.span(i).Count
	left := length - n
	t.mark(i+length-1, 0, 0)
	if left == 0 {
		t.unlink(&t.a.Heap().Runs, i)
		return i
	}
	t.markFree(i, left)
	return i + left
}

func (t *tx) markFree(i, length uint64) {
	t.mark(i+length-1, spanFreeEnd, length)
	t.mark(i, spanFree, length) // of a run of one span this is what counts
}

// freeRun frees the run in a limbo place: gives its memory back to the kernel, then joins it with its free
// neighbours. lock is the caller's way of locking.
func (a *Arena) freeRun(place *uint64, lock func()) {
	i, s := a.spanOf(Offset(*place)) // in our hand: nobody else changes either
	a.punch(Offset(*place), s.Count*SpanSize)
	failpoint.Hit("heap: run punched")
	lock()
	defer a.unlock()
	t := a.begin()
	t.Set(place, 0)
	t.Set(&a.Heap().Bytes, a.Heap().Bytes-s.Count*SpanSize)
	t.join(i, s.Count)
	t.Commit()
}

// punch makes memory zero, and gives it back where the kernel knows how. Some sandboxes do not.
func (a *Arena) punch(off Offset, n uint64) {
	if sys.Punch(a.file, int64(off), int64(n)) != nil {
		clear(a.Bytes(off, n))
	}
}

// join puts n spans from i on among the free ones. With free neighbours on both sides the transaction is full.
func (t *tx) join(i, n uint64) {
	a, h := t.a, t.a.Heap()
	first, end := i, i+n
	t.mark(i, 0, 0)
	if end < h.Unused && a.span(end).kind() == spanFree {
		right := end
		end += a.span(right).Count
		t.unlink(&h.Runs, right)
		t.mark(right, 0, 0)
	}
	if i > 0 {
		switch left := a.span(i - 1); left.kind() {
		case spanFree:
			first = i - 1
		case spanFreeEnd:
			first = i - left.Count
			t.mark(i-1, 0, 0)
		}
	}
	switch {
	case end == h.Unused:
		if first != i {
			t.unlink(&h.Runs, first)
			t.mark(first, 0, 0)
		}
		t.Set(&h.Unused, first)
		return
	case first == i:
		t.link(&h.Runs, first)
	}
	t.markFree(first, end-first)
}
