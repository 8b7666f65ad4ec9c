package queue

// waiter is a goroutine that stands in line, in one of a queue's two. All but ready is the queue's, under its mutex,
// until the waiter is out of line; then it is the waiter's.
type waiter[T any] struct {
	ready    chan struct{} // closed when the waiter is out of line, by whoever took it out
	inLine   bool
	items    []T // a putter's: still to be put. A getter's: places still to be filled
	n        int // how many items were put or got
	err      error
	panicked any // what the comparison panicked with when a putter's item was to go in
	next     *waiter[T]
	previous *waiter[T]
	one      [1]T // what items is for a single one
}

// line is a list of waiters, the first to be served first. The zero line is empty.
type line[T any] struct{ first, last *waiter[T] }

// join makes a channel each time, and none is used again: it belongs to the testing/synctest bubble in which it was
// made, and the next to wait may be in another.
func (l *line[T]) join(w *waiter[T]) {
	w.ready, w.inLine = make(chan struct{}), true
	l.add(w)
}

func (l *line[T]) add(w *waiter[T]) {
	w.previous, w.next = l.last, nil
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
}

func (l *line[T]) leave(w *waiter[T]) {
	w.inLine = false
	if w.previous == nil {
		l.first = w.next
	} else {
		w.previous.next = w.next
	}
	if w.next == nil {
		l.last = w.previous
	} else {
		w.next.previous = w.previous
	}
	w.previous, w.next = nil, nil
}

// served collects waiters that were taken out of line, to be woken when the queue's mutex is free again: they need
// not wait for it, nor it for them.
type served[T any] struct{ line[T] }

func (s *served[T]) wake() {
	for w := s.first; w != nil; {
		next := w.next // before the waking: then w is the waiter's
		close(w.ready)
		w = next
	}
}
