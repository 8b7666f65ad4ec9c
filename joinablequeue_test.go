//go:build linux

package mp_test

import (
	"context"
	"iter"
	"sync"
	"testing"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
)

// valued is a JoinableQueue whose messages are done as soon as they are got: a queue like any other.
type valued struct{ *mp.JoinableQueue[int] }

func done(m mp.Message[int], err error) (int, error) {
	if err == nil {
		m.TaskDone()
	}
	return m.Value, err
}

func (q valued) Get() (int, error)    { return done(q.JoinableQueue.Get()) }
func (q valued) TryGet() (int, error) { return done(q.JoinableQueue.TryGet()) }
func (q valued) GetContext(ctx context.Context) (int, error) {
	return done(q.JoinableQueue.GetContext(ctx))
}
func (q valued) All(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for m, err := range q.JoinableQueue.All(ctx) {
			if !yield(done(m, err)) {
				return
			}
		}
	}
}

func TestJoinableQueueIsAQueue(t *testing.T) {
	conform.Queue(t, conform.QueuePlace[conform.Queuer]{
		New: func(_ *testing.T, max int) conform.Queuer { return valued{mp.NewJoinableQueue[int](max)} },
	})
}

// untold is a JoinableQueue whose TaskDone does not say of what.
type untold struct {
	*mp.JoinableQueue[int]
	mu    sync.Mutex
	hands []mp.Message[int]
}

func (q *untold) keep(m mp.Message[int], err error) (int, error) {
	if err == nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.hands = append(q.hands, m)
	}
	return m.Value, err
}

func (q *untold) Get() (int, error)    { return q.keep(q.JoinableQueue.Get()) }
func (q *untold) TryGet() (int, error) { return q.keep(q.JoinableQueue.TryGet()) }
func (q *untold) GetContext(ctx context.Context) (int, error) {
	return q.keep(q.JoinableQueue.GetContext(ctx))
}
func (q *untold) All(context.Context) iter.Seq2[int, error] { panic("no case of tasks needs it") }

func (q *untold) TaskDone() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.hands) == 0 {
		mp.Message[int]{}.TaskDone() // panics
	}
	q.hands[0].TaskDone()
	q.hands = q.hands[1:]
}

func TestJoinableQueueTasks(t *testing.T) {
	conform.QueueTasks(t, conform.QueuePlace[conform.Tasker]{
		New: func(_ *testing.T, max int) conform.Tasker {
			return &untold{JoinableQueue: mp.NewJoinableQueue[int](max)}
		},
		InHand: true,
	})
}

func TestSimpleQueue(t *testing.T) {
	conform.SimpleQueue(t, conform.QueuePlace[conform.SimpleQueuer]{
		New: func(*testing.T, int) conform.SimpleQueuer { return mp.NewSimpleQueue[int]() },
	})
}
