package conform

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func queueTimeout(t *testing.T, p places) {
	q := p.New(t, 1)
	const d = 20 * time.Millisecond
	after := func(what string, f func(ctx context.Context) error) {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		expect(t, f(ctx), context.DeadlineExceeded)
		if waited := time.Since(begin); waited < d {
			t.Errorf("%s gave up after %v, before its %v were over", what, waited, d)
		}
	}
	after("get", func(ctx context.Context) error { _, err := q.GetContext(ctx); return err })
	mustPut(t, q, 1)
	after("put", func(ctx context.Context) error { return q.PutContext(ctx, 2) })
	mustGet(t, q, 1)
}

func queueCancelGet(t *testing.T, p places) {
	q := p.New(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	gone := begin(p.settle, func() (int, error) { return q.GetContext(ctx) })
	stays := p.get(q)
	cancel()
	gone.returns(t, context.Canceled)
	mustPut(t, q, 5)
	if v := stays.returns(t, nil); v != 5 {
		t.Errorf("got %d, expected 5", v)
	}
}

func queueCancelPut(t *testing.T, p places) {
	q := p.New(t, 1)
	mustPut(t, q, 1)
	ctx, cancel := context.WithCancel(context.Background())
	gone := begin(p.settle, func() (int, error) { return 0, q.PutContext(ctx, 2) })
	stays := p.put(q, 3)
	cancel()
	gone.returns(t, context.Canceled)
	mustGet(t, q, 1)
	stays.returns(t, nil)
	mustGet(t, q, 3)
}

// Contexts end while items are on their way: each item put comes out once, each refused not at all, and nobody who
// may still wait is forgotten.
func queueCancelStorm(t *testing.T, p places) {
	const goroutines, rounds = 6, 150
	q := p.New(t, 2)
	var put, got, sumPut, sumGot atomic.Int64
	var putters, getters sync.WaitGroup
	soon := func(i int) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(context.Background())
		if i%3 != 0 {
			go cancel()
		}
		return ctx, cancel
	}
	for g := range goroutines {
		putters.Go(func() {
			for i := range rounds {
				ctx, cancel := soon(i)
				if v := g*rounds + i; q.PutContext(ctx, v) == nil {
					put.Add(1)
					sumPut.Add(int64(v))
				}
				cancel()
			}
		})
		getters.Go(func() {
			for i := 0; ; i++ {
				ctx, cancel := soon(i)
				v, err := q.GetContext(ctx)
				over := err != nil && ctx.Err() == nil // shut down
				cancel()
				if over {
					return
				}
				if err == nil {
					got.Add(1)
					sumGot.Add(int64(v))
				}
			}
		})
	}
	putters.Wait()
	q.Shutdown()
	getters.Wait()
	if put.Load() != got.Load() || sumPut.Load() != sumGot.Load() {
		t.Errorf("%d items put and %d got, sums %d and %d", put.Load(), got.Load(), sumPut.Load(), sumGot.Load())
	}
	if put.Load() < goroutines*rounds/3 {
		t.Errorf("%d of %d puts succeeded, though a third had no end", put.Load(), goroutines*rounds)
	}
}

// Each item comes out once.
func queueMany(t *testing.T, p places) {
	const goroutines, items = 8, 200
	for _, limit := range []int{1, 4, 0} {
		q := p.New(t, limit)
		var seen [goroutines * items]atomic.Int32
		var putters, getters sync.WaitGroup
		for g := range goroutines {
			putters.Go(func() {
				for i := range items {
					if q.Put(g*items+i) != nil {
						t.Error("a put was refused")
					}
				}
			})
			getters.Go(func() {
				for v, err := range q.All(context.Background()) {
					if expect(t, err, nil); err == nil {
						seen[v].Add(1)
					}
				}
			})
		}
		putters.Wait()
		q.Shutdown()
		getters.Wait()
		for v := range seen {
			if n := seen[v].Load(); n != 1 {
				t.Fatalf("limit %d: item %d came out %d times", limit, v, n)
			}
		}
	}
}
