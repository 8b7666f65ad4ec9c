package queue

import "context"

// TaskDone says that the work on an item that was got is done. It panics if it is called more often than items were put.
func (q *Queue[T]) TaskDone() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.unfinished == 0 {
		panic("queue: TaskDone was called more often than items were put")
	}
	q.finish(1)
}

// finish counts items as done, and lets those go who wait for the last.
func (q *Queue[T]) finish(n int) {
	q.unfinished -= n
	if q.unfinished == 0 && q.done != nil {
		close(q.done)
		q.done = nil
	}
}

// Join waits until TaskDone was called for every item that was put. It does not wait for items that are put later,
// and may be called again then.
func (q *Queue[T]) Join() { _ = q.JoinContext(background) } // without an end of the context there is no error

// JoinContext is Join until ctx ends, and returns ctx's error then. If all is done the end of ctx does not matter.
func (q *Queue[T]) JoinContext(ctx context.Context) error {
	done := q.allDone()
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// allDone is closed when all is done; nil if all is.
func (q *Queue[T]) allDone() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.unfinished == 0 {
		return nil
	}
	if q.done == nil {
		q.done = make(chan struct{})
	}
	return q.done
}
