package queue

import "context"

// room tells whether an item can be put.
func (q *Queue[T]) room() bool { return q.limit == 0 || q.n < q.limit }

// offer puts v if there is room. If a getter waited, v is that one's, and the caller wakes it.
func (q *Queue[T]) offer(v T) (getter *waiter[T], err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.shut:
		return nil, ErrShutDown
	case !q.room():
		return nil, ErrFull
	}
	return q.accept(v), nil
}

// accept puts v, for which there is room: into the hand of the first getter, who is out of line then, or to the others.
func (q *Queue[T]) accept(v T) (getter *waiter[T]) {
	if g := q.getters.first; g != nil {
		q.getters.leave(g)
		g.items[0] = v
		g.n = 1
		q.unfinished++
		return g
	}
	q.push(v)
	return nil
}

func (q *Queue[T]) push(v T) {
	if q.order == nil {
		q.order = new(fifo[T])
	}
	q.order.push(v)
	q.n++
	q.unfinished++
}

// take gets an item if there is one, and lets the first putters in.
func (q *Queue[T]) take(out *served[T]) (v T, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == 0 {
		return v, q.nothing()
	}
	v = q.order.pop()
	q.n--
	q.refill(out)
	return v, nil
}

// nothing is why there is nothing to get.
func (q *Queue[T]) nothing() error {
	if q.shut {
		return ErrShutDown
	}
	return ErrEmpty
}

// refill puts what waiting putters bring into the places that are free.
func (q *Queue[T]) refill(out *served[T]) {
	for w := q.putters.first; w != nil && q.room(); w = q.putters.first {
		if q.admit(w) && w.n < len(w.items) {
			continue
		}
		q.putters.leave(w)
		out.add(w)
	}
}

// admit puts w's next item. If the comparison panics, that is for w's goroutine to suffer, who brought the item, and
// not for ours, who has got one already.
func (q *Queue[T]) admit(w *waiter[T]) (ok bool) {
	defer func() {
		if !ok {
			w.panicked = recover()
		}
	}()
	q.push(w.items[w.n])
	w.n++
	return true
}

// putWaiting puts the rest of w's items, waiting for room.
func (q *Queue[T]) putWaiting(ctx context.Context, w *waiter[T]) error {
	if q.putOrJoin(w) {
		q.wait(ctx, &q.putters, w)
	}
	if w.panicked != nil {
		panic(w.panicked)
	}
	return w.err
}

// putOrJoin puts as many of w's items as there is room for, and joins the line with the others; it tells whether
// there are any.
func (q *Queue[T]) putOrJoin(w *waiter[T]) (joined bool) {
	var out served[T]
	defer out.wake() // after Unlock, and also if the comparison panics
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.shut {
		w.err = ErrShutDown
		return false
	}
	for ; w.n < len(w.items) && q.room(); w.n++ {
		if g := q.accept(w.items[w.n]); g != nil {
			out.add(g)
		}
	}
	if w.n == len(w.items) {
		return false
	}
	q.putters.join(w)
	return true
}

// getWaiting gets at least one item, waiting for it.
func (q *Queue[T]) getWaiting(ctx context.Context, w *waiter[T]) error {
	if q.getOrJoin(w) {
		q.wait(ctx, &q.getters, w)
	}
	return w.err
}

// getOrJoin gets as many items as there are, or joins the line if there is none.
func (q *Queue[T]) getOrJoin(w *waiter[T]) (joined bool) {
	var out served[T]
	defer out.wake()
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.n > 0:
		q.fill(w, &out)
	case q.shut:
		w.err = ErrShutDown
	default:
		q.getters.join(w)
	}
	return w.inLine
}

// fill gives w as many items as there are places and items.
func (q *Queue[T]) fill(w *waiter[T], out *served[T]) {
	defer func() {
		q.refill(out)
		if w.n > 0 {
			_ = recover() // what was got counts; the next call meets the panic again
		}
	}()
	for ; w.n < len(w.items) && q.n > 0; w.n++ {
		w.items[w.n] = q.order.pop()
		q.n--
	}
}

// wait waits until w is out of line. If ctx ends first it leaves by itself; who is out of line already has what it
// waited for, and keeps it.
func (q *Queue[T]) wait(ctx context.Context, l *line[T], w *waiter[T]) {
	ended := ctx.Done()
	if ended == nil { // a select costs more, and most calls have no context
		<-w.ready
		return
	}
	select {
	case <-w.ready:
		return
	case <-ended:
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if w.inLine {
		l.leave(w)
		w.err = ctx.Err()
	}
}
