//go:build linux

package mp_test

import (
	"context"
	"iter"
	"testing"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
)

func TestSimpleQueue(t *testing.T) {
	conform.SimpleQueue(t, conform.QueuePlace[conform.SimpleQueuer]{
		New: func(*testing.T, int) conform.SimpleQueuer { return mp.NewSimpleQueue[int]() },
	})
}

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
