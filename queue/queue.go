package queue

import (
	"context"
	"sync"
)

// Queue is a queue between goroutines: Python's queue.Queue, LifoQueue and PriorityQueue, by the constructor. The
// zero Queue is ready: first in, first out, without a limit. A Queue must not be copied after first use.
//
// Each item is got once. A put synchronizes before the get of its item, and a TaskDone before the return of a Join
// that waited for it, as the Go memory model says of channels.
//
// A put and a get together take 60 ns, a tenth more than with a buffered channel, which is the neighbour: see the
// package's comment. Among many goroutines it is one and a half times what the channel takes. A call that has to wait
// allocates 200 bytes. A goroutine that ends with an item in hand loses it, and if it did not call TaskDone, Join waits
// for ever: defer it.
type Queue[T any] struct {
	limit int // 0: none; does not change

	mu         sync.Mutex    // guards all below, and the waiters in line. User code under it: the comparison alone
	order      order[T]      // nil: nothing was ever put into a zero Queue
	n          int           // how many items are in order
	shut       bool          // never becomes false again
	unfinished int           // items put and not done
	done       chan struct{} // closed when unfinished comes down to 0; nil while nobody waits for that

	// Getters stand in line only while n is 0, putters only while n is at the limit.
	getters, putters line[T]
}

// order is what differs between the kinds of queues. The queue counts: pop is called when something is there.
type order[T any] interface {
	push(v T) // panics as the comparison does, and has done nothing then
	pop() T   // the same
	drop()    // all of it
}

// New makes a queue that gives first what was put first. It holds max items and then makes Put wait; without a limit
// if max is 0 or less.
func New[T any](max int) *Queue[T] { return newQueue(max, new(fifo[T])) }

// NewLifo makes a queue that gives first what was put last. max is as of New.
func NewLifo[T any](max int) *Queue[T] { return newQueue(max, new(lifo[T])) }

// NewPriority makes a queue that gives the least item first, by a compare like cmp.Compare; of equal ones that which
// was put first. max is as of New. Put and Get cost O(log Len).
//
// compare must not use the queue, which is locked. If it panics, so does the call that put the item, or that wanted
// one, also when it had to wait; it has put or got nothing then, and the queue is as it was.
func NewPriority[T any](max int, compare func(a, b T) int) *Queue[T] {
	if compare == nil {
		panic("queue: NewPriority without a comparison")
	}
	return newQueue(max, &heap[T]{compare: compare})
}

func newQueue[T any](limit int, o order[T]) *Queue[T] {
	return &Queue[T]{order: o, limit: max(limit, 0)}
}

// Put puts v, waiting for room as long as it takes. Its only error is ErrShutDown: v was not put.
func (q *Queue[T]) Put(v T) error { return q.PutContext(background, v) }

// PutContext is Put until ctx ends, and returns ctx's error then: v was not put. If there is room the end of ctx does
// not matter.
func (q *Queue[T]) PutContext(ctx context.Context, v T) error {
	err := q.TryPut(v)
	if err != ErrFull {
		return err
	}
	w := &waiter[T]{one: [1]T{v}}
	w.items = w.one[:]
	return q.putWaiting(ctx, w)
}

// TryPut puts v if there is room now. Otherwise it returns ErrFull, or ErrShutDown.
func (q *Queue[T]) TryPut(v T) error {
	getter, err := q.offer(v)
	if getter != nil {
		close(getter.ready)
	}
	return err
}

// Get gets the next item, waiting for one as long as it takes. Its only error is ErrShutDown: the queue was shut
// down, and nothing is left.
func (q *Queue[T]) Get() (T, error) { return q.GetContext(background) }

// GetContext is Get until ctx ends, and returns ctx's error then: nothing was got. If there is an item the end of ctx
// does not matter.
func (q *Queue[T]) GetContext(ctx context.Context) (T, error) {
	v, err := q.TryGet()
	if err != ErrEmpty {
		return v, err
	}
	w := new(waiter[T])
	w.items = w.one[:]
	err = q.getWaiting(ctx, w)
	return w.one[0], err
}

// TryGet gets the next item if there is one now. Otherwise it returns ErrEmpty, or ErrShutDown.
func (q *Queue[T]) TryGet() (v T, err error) {
	var out served[T]
	v, err = q.take(&out)
	out.wake()
	return v, err
}

// Len is how many items could be got now. It is stale before it can be used, where others put and get.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}

// Cap is how many items the queue holds, 0 if there is no limit.
func (q *Queue[T]) Cap() int { return q.limit }

var background = context.Background()
