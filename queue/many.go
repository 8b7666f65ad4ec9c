package queue

import (
	"context"
	"iter"
)

// PutMany puts the items of vs in their order, waiting for room for as long as ctx lasts, and returns how many were
// put: all of them, or fewer and an error, ErrShutDown or ctx's. No other goroutine's items come between them, if the
// queue is first in, first out. It locks the queue once, or once and for each item that has to wait, and wakes its
// goroutine once. vs must not be changed meanwhile.
func (q *Queue[T]) PutMany(ctx context.Context, vs []T) (int, error) {
	if len(vs) == 0 {
		return 0, nil
	}
	w := &waiter[T]{items: vs}
	err := q.putWaiting(ctx, w)
	return w.n, err
}

// GetMany waits for an item, for as long as ctx lasts, and gets as many as there are then, and as fit into vs. It
// returns how many: at least one, or none and an error, ErrShutDown or ctx's. None without an error, at once, if vs is
// empty.
func (q *Queue[T]) GetMany(ctx context.Context, vs []T) (int, error) {
	if len(vs) == 0 {
		return 0, nil
	}
	w := &waiter[T]{items: vs}
	if err := q.getWaiting(ctx, w); err != nil {
		return 0, err
	}
	if w.n < len(vs) { // it may have waited, and been given the first item alone
		q.getMore(w)
	}
	return w.n, nil
}

func (q *Queue[T]) getMore(w *waiter[T]) {
	var out served[T]
	defer out.wake()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fill(w, &out)
}

// All gets items until the queue is shut down and nothing is left, or until ctx ends: then it yields ctx's error,
// once. Unlike GetContext it looks at ctx before each item. An item that was yielded is gone from the queue, also if
// the loop is left with it.
func (q *Queue[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := q.next(ctx)
			switch {
			case err == ErrShutDown:
				return
			case !yield(v, err) || err != nil:
				return
			}
		}
	}
}

func (q *Queue[T]) next(ctx context.Context) (v T, err error) {
	if err := ctx.Err(); err != nil {
		return v, err
	}
	return q.GetContext(ctx)
}
