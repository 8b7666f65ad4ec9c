package conform

import (
	"context"
	"slices"
	"testing"

	"github.com/multiproc/mp/internal/refusal"
)

func batches(t *testing.T, p places) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, p places)
	}{
		{"PutMany and GetMany", queueBatches},
		{"PutMany that waits", queuePutManyWaits},
		{"PutMany is given up", queuePutManyGivenUp},
		{"GetMany that waits", queueGetManyWaits},
		{"a batch serves waiting getters", queueBatchServes},
		{"batches meet", queueBatchesMeet},
		{"batches time out", queueBatchTimeout},
		{"shutdown with a waiting batch", queueShutdownBatch},
	} {
		p.run(t, c.name, c.test)
	}
}

// batcher is a new queue, which is one.
func (p QueuePlace[Q]) batcher(t *testing.T, max int) Batcher { return any(p.New(t, max)).(Batcher) }

// count expects that a batch moved n items.
func count(t *testing.T, n int, err error, want int, wantErr error) {
	t.Helper()
	if n != want {
		t.Errorf("%d items, expected %d", n, want)
	}
	expect(t, err, wantErr)
}

func queueBatches(t *testing.T, p places) {
	q := p.batcher(t, 4)
	n, err := q.PutMany(t.Context(), nil)
	count(t, n, err, 0, nil)
	n, err = q.GetMany(ended(), nil) // even of an empty queue
	count(t, n, err, 0, nil)
	n, err = q.PutMany(t.Context(), []int{111, 333, 222})
	count(t, n, err, 3, nil)
	vs := make([]int, 5)
	n, err = q.GetMany(t.Context(), vs)
	count(t, n, err, 3, nil)
	want := p.Order
	if want == nil {
		want = []int{111, 333, 222}
	}
	if !slices.Equal(vs[:3], want) {
		t.Errorf("got %v, expected %v", vs[:3], want)
	}
	mustPut(t, q, 1, 2, 3)
	n, err = q.GetMany(t.Context(), vs[:2])
	count(t, n, err, 2, nil)
	drain(t, q, 1)
}

func queuePutManyWaits(t *testing.T, p places) {
	q := p.batcher(t, 2)
	batch := begin(p.settle, func() (int, error) { return q.PutMany(context.Background(), []int{1, 1, 1, 1, 1}) })
	for left := 5; left > 2; left-- {
		batch.waits(t)
		mustGet(t, q, 1)
		p.settle()
	}
	if n := batch.returns(t, nil); n != 5 {
		t.Errorf("put %d of 5", n)
	}
	drain(t, q, 2)
}

func queuePutManyGivenUp(t *testing.T, p places) {
	q := p.batcher(t, 2)
	ctx, cancel := context.WithCancel(context.Background())
	batch := begin(p.settle, func() (int, error) { return q.PutMany(ctx, []int{1, 1, 1, 1, 1}) })
	mustGet(t, q, 1)
	p.settle()
	cancel()
	put := batch.returns(t, context.Canceled)
	drain(t, q, put-1) // what it says was put, and no more
	if put < 1 || p.Settle != nil && put != 3 {
		t.Errorf("put %d, expected 3", put)
	}

	batch = begin(p.settle, func() (int, error) { return q.PutMany(context.Background(), []int{1, 1, 1}) })
	q.Shutdown()
	put = batch.returns(t, refusal.ErrShutDown)
	if put != q.Len() || p.Settle != nil && put != 2 {
		t.Errorf("put %d, and %d are there", put, q.Len())
	}
}

func queueGetManyWaits(t *testing.T, p places) {
	q := p.batcher(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	batch := begin(p.settle, func() (int, error) { return q.GetMany(ctx, make([]int, 3)) })
	batch.waits(t)
	mustPut(t, q, 1)
	if n := batch.returns(t, nil); n != 1 {
		t.Errorf("got %d of 1", n)
	}
	batch = begin(p.settle, func() (int, error) { return q.GetMany(ctx, make([]int, 3)) })
	cancel()
	if n := batch.returns(t, context.Canceled); n != 0 {
		t.Errorf("got %d of none", n)
	}
	mustPut(t, q, 2)
	mustGet(t, q, 2)
}

// A batch that waited takes what has come since it was served, and lets in who waits for that.
func queueBatchesMeet(t *testing.T, p places) {
	q := p.batcher(t, 1)
	get := begin(p.settle, func() (int, error) { return q.GetMany(context.Background(), make([]int, 5)) })
	put := begin(p.settle, func() (int, error) { return q.PutMany(context.Background(), []int{1, 1, 1}) })
	got := get.returns(t, nil)
	if p.Settle != nil {
		p.settle()
		if got != 2 {
			t.Errorf("got %d, expected the one that it was given and the one that was there", got)
		}
		select {
		case <-put.done:
		default:
			t.Error("the put has room, and waits")
		}
	}
	for range 3 - got {
		_, err := q.Get()
		expect(t, err, nil)
	}
	put.returns(t, nil)
}

func queueBatchServes(t *testing.T, p places) {
	q := p.batcher(t, 2)
	a, b := p.get(q), p.get(q)
	n, err := q.PutMany(t.Context(), []int{1, 1, 1, 1}) // two to them, two stay
	count(t, n, err, 4, nil)
	a.returns(t, nil)
	b.returns(t, nil)
	blocked := begin(p.settle, func() (int, error) { return q.PutMany(context.Background(), []int{1, 1}) })
	n, err = q.GetMany(t.Context(), make([]int, 2))
	count(t, n, err, 2, nil)
	blocked.returns(t, nil)
	drain(t, q, 2)
}

func queueAll(t *testing.T, p places) {
	q := p.New(t, 0)
	mustPut(t, q, 1, 1)
	sum := 0
	loop := begin(p.settle, func() (int, error) {
		for v, err := range q.All(context.Background()) {
			if err != nil {
				return 0, err
			}
			sum += v
		}
		return sum, nil
	})
	loop.waits(t)
	mustPut(t, q, 5)
	q.Shutdown()
	if v := loop.returns(t, nil); v != 7 {
		t.Errorf("the loop saw items that add up to %d, expected 7", v)
	}
	for v, err := range q.All(context.Background()) {
		t.Errorf("a queue that is over has yielded %d, %v", v, err)
	}
}

func queueAllContext(t *testing.T, p places) {
	q := p.New(t, 0)
	mustPut(t, q, 1, 1)
	ctx, cancel := context.WithCancel(context.Background())
	var errs []error
	both := make(chan struct{})
	loop := begin(p.settle, func() (int, error) {
		items := 0
		for _, err := range q.All(ctx) {
			if err != nil {
				errs = append(errs, err)
			} else if items++; items == 2 {
				close(both)
			}
		}
		return items, nil
	})
	<-both
	p.settle()
	loop.waits(t)
	cancel()
	if n := loop.returns(t, nil); n != 2 || len(errs) != 1 {
		t.Errorf("the loop saw %d items and the errors %v", n, errs)
	}
	mustPut(t, q, 3)
	for v, err := range q.All(ended()) { // it looks before it takes
		if expect(t, err, context.Canceled); v != 0 {
			t.Errorf("got %d after the end of the context", v)
		}
	}
	mustGet(t, q, 3)
}

func queueAllLeft(t *testing.T, p places) {
	q := p.New(t, 0)
	mustPut(t, q, 1, 1, 1)
	for range q.All(t.Context()) {
		break
	}
	drain(t, q, 2)
}

func queueBatchTimeout(t *testing.T, p places) {
	q := p.batcher(t, 1)
	ctx, cancel := short()
	defer cancel()
	n, err := q.GetMany(ctx, make([]int, 2))
	count(t, n, err, 0, context.DeadlineExceeded)
}

func queueShutdownBatch(t *testing.T, p places) {
	for _, shutdown := range []func(Queuer){Queuer.Shutdown, Queuer.ShutdownNow} {
		q := p.batcher(t, 0)
		many := begin(p.settle, func() (int, error) { return q.GetMany(t.Context(), make([]int, 2)) })
		shutdown(q)
		many.returns(t, refusal.ErrShutDown)
		n, err := q.PutMany(ended(), []int{1, 2})
		count(t, n, err, 0, refusal.ErrShutDown)
		n, err = q.GetMany(ended(), make([]int, 2))
		count(t, n, err, 0, refusal.ErrShutDown)
	}
}
