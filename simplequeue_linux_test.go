package mp_test

import (
	"context"
	"errors"
	"testing"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

// CPython's TestSimpleQueue.test_empty, and what it asks of a child.
func TestSimpleQueueBetweenProcesses(t *testing.T) {
	q := mp.NewSimpleQueue[bool]()
	if q.Len() != 0 {
		t.Errorf("%d in a new queue", q.Len())
	}
	p := start(t, putEmpty(q))
	if err := p.Join(); err != nil {
		t.Fatal(err)
	}
	if q.Len() != 2 {
		t.Errorf("%d in it, expected 2", q.Len())
	}
	for _, want := range []bool{true, false} {
		if v, err := q.Get(); err != nil || v != want {
			t.Errorf("got %v, %v, expected %v", v, err, want)
		}
	}
	if _, err := q.TryGet(); !errors.Is(err, queue.ErrEmpty) || q.Len() != 0 {
		t.Errorf("got %v, and %d are left", err, q.Len())
	}
}

var putEmpty = mp.Proc(func(_ context.Context, q *mp.SimpleQueue[bool]) error {
	return errors.Join(q.Put(q.Len() == 0), q.Put(q.Len() == 0))
})
