package queue

// Shutdown ends the putting: every put, also one that waits, returns ErrShutDown. What is in the queue can be got;
// then every get, also one that waits, returns ErrShutDown. It never waits, and may be called again.
func (q *Queue[T]) Shutdown() {
	var out served[T]
	defer out.wake()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shutDown(&out)
}

// ShutdownNow is Shutdown, and drops what is in the queue. What it drops counts as done: Join waits no longer for it,
// but for the items that somebody has got and is working on. It may follow Shutdown.
func (q *Queue[T]) ShutdownNow() {
	var out served[T]
	defer out.wake()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shutDown(&out)
	if q.n > 0 {
		q.order.drop()
		q.finish(min(q.n, q.unfinished)) // fewer if TaskDone came before its item was got
		q.n = 0
	}
}

func (q *Queue[T]) shutDown(out *served[T]) {
	q.shut = true
	for _, l := range []*line[T]{&q.getters, &q.putters} {
		for w := l.first; w != nil; w = l.first {
			l.leave(w)
			w.err = ErrShutDown
			out.add(w)
		}
	}
}
