package conform

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/refusal"
)

type simplePlaces = QueuePlace[SimpleQueuer]

// SimpleQueue runs the contract of a queue that is never full nor shut down, first in first out.
func SimpleQueue(t *testing.T, p QueuePlace[SimpleQueuer]) {
	for _, c := range []struct {
		name string // and CPython's name for it, test/test_queue.py
		test func(t *testing.T, p simplePlaces)
	}{
		{"basic", simpleBasic},                          // test_basic
		{"ended context", simpleEndedContext},           // test_negative_timeout_raises_exception
		{"order", simpleOrder},                          // test_order
		{"many goroutines", simpleMany},                 // test_many_threads
		{"many that try", simpleManyTry},                // test_many_threads_nonblock
		{"many that wait a little", simpleManyTimeouts}, // test_many_threads_timeout
	} {
		p.run(t, c.name, c.test)
	}
}

func simpleBasic(t *testing.T, p simplePlaces) {
	q := p.New(t, 0)
	length := func(want int) {
		t.Helper()
		if n := q.Len(); n != want {
			t.Errorf("Len is %d, expected %d", n, want)
		}
	}
	length(0)
	mustPut(t, q, 1)
	length(1)
	mustPut(t, q, 2, 3, 4)
	length(4)
	mustGet(t, q, 1)
	length(3)
	v, err := q.TryGet()
	if expect(t, err, nil); v != 2 {
		t.Errorf("got %d, expected 2", v)
	}
	mustGet(t, q, 3)
	ctx, cancel := short()
	defer cancel()
	if v, err = q.GetContext(ctx); v != 4 || err != nil {
		t.Errorf("got %d, %v, expected 4", v, err)
	}
	length(0)
	_, err = q.TryGet()
	expect(t, err, refusal.ErrEmpty)
	_, err = q.GetContext(ctx)
	expect(t, err, context.DeadlineExceeded)
	length(0)
}

func simpleEndedContext(t *testing.T, p simplePlaces) {
	q := p.New(t, 0)
	_, err := q.GetContext(ended())
	expect(t, err, context.Canceled)
	mustPut(t, q, 1)
	v, err := q.GetContext(ended())
	if expect(t, err, nil); v != 1 {
		t.Errorf("got %d, expected 1", v)
	}
}

func simpleOrder(t *testing.T, p simplePlaces) {
	got := flow(t, p.New(t, 0), 1, 100, SimpleQueuer.Get)
	if !slices.IsSorted(got) {
		t.Errorf("one has put 0 to 99, another has got %v", got)
	}
}

func simpleMany(t *testing.T, p simplePlaces) {
	flow(t, p.New(t, 0), 50, 10000, SimpleQueuer.Get)
}

func simpleManyTry(t *testing.T, p simplePlaces) {
	flow(t, p.New(t, 0), 50, 10000, func(q SimpleQueuer) (int, error) {
		for ; ; runtime.Gosched() {
			if v, err := q.TryGet(); !errors.Is(err, refusal.ErrEmpty) {
				return v, err
			}
		}
	})
}

func simpleManyTimeouts(t *testing.T, p simplePlaces) {
	flow(t, p.New(t, 0), 50, 1000, func(q SimpleQueuer) (int, error) {
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Microsecond)
			v, err := q.GetContext(ctx)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				return v, err
			}
		}
	})
}

// flow lets n goroutines put 0 to items-1, and n others get them with get; it returns what was got.
func flow(t *testing.T, q SimpleQueuer, n, items int, get func(SimpleQueuer) (int, error)) []int {
	t.Helper()
	const over = -1
	var (
		wg   sync.WaitGroup
		next atomic.Int64
		mu   sync.Mutex
		got  []int
	)
	for range n {
		wg.Go(func() {
			for v := int(next.Add(1)) - 1; v < items; v = int(next.Add(1)) - 1 {
				mustPut(t, q, v)
			}
			mustPut(t, q, over)
		})
		wg.Go(func() {
			for v, err := get(q); v != over; v, err = get(q) {
				expect(t, err, nil)
				mu.Lock()
				got = append(got, v)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	sorted := slices.Sorted(slices.Values(got))
	for i, v := range sorted {
		if i != v {
			t.Fatalf("item %d came out as %d", i, v)
		}
	}
	if len(got) != items || q.Len() != 0 {
		t.Errorf("%d items of %d came out, %d are left", len(got), items, q.Len())
	}
	return got
}
