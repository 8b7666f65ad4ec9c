package queue

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/multiproc/mp/internal/conform"
)

// kinds are the queues that one contract holds for.
var kinds = []struct {
	name  string
	make  func(max int) *Queue[int]
	order []int // in which 111, 333, 222 come out
}{
	{"fifo", New[int], []int{111, 333, 222}},
	{"lifo", NewLifo[int], []int{222, 333, 111}},
	{"priority", byValue, []int{111, 222, 333}},
}

func byValue(max int) *Queue[int] { return NewPriority(max, cmp.Compare[int]) }

// bubble is a place where waiting takes no time, and where Settle knows for sure that all sleep.
func bubble[Q any](make func(t *testing.T, max int) Q) conform.QueuePlace[Q] {
	return conform.QueuePlace[Q]{New: make, In: synctest.Test, Settle: synctest.Wait}
}

func TestQueue(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			conform.Queue(t, conform.QueuePlace[conform.Queuer]{
				New: func(_ *testing.T, max int) conform.Queuer { return k.make(max) }, Order: k.order,
			})
		})
	}
}

func TestQueueInABubble(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			p := bubble(func(_ *testing.T, max int) conform.Queuer { return k.make(max) })
			p.Order = k.order
			conform.Queue(t, p)
		})
	}
}

func TestTasks(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			conform.QueueTasks(t, conform.QueuePlace[conform.Tasker]{
				New: func(_ *testing.T, max int) conform.Tasker { return k.make(max) },
			})
		})
	}
}

func TestTasksInABubble(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			conform.QueueTasks(t, bubble(func(_ *testing.T, max int) conform.Tasker { return k.make(max) }))
		})
	}
}

func TestZeroQueue(t *testing.T) {
	conform.QueueTasks(t, bubble(func(t *testing.T, max int) conform.Tasker {
		if max == 0 {
			return new(Queue[int])
		}
		return New[int](max)
	}))
	var q Queue[string]
	q.ShutdownNow() // before anything was put
	if err := q.Put("a"); err != ErrShutDown {
		t.Errorf("got %v, expected ErrShutDown", err)
	}
}

func TestNoLimit(t *testing.T) {
	for _, max := range []int{0, -1} {
		q := New[int](max)
		if q.Cap() != 0 {
			t.Errorf("New(%d) has Cap %d, expected 0", max, q.Cap())
		}
		for i := range 10_000 {
			if err := q.TryPut(i); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestDeadlineOfTheBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](0)
		time.AfterFunc(time.Minute, func() { _ = q.Put(1) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begin := time.Now()
		if _, err := q.GetContext(ctx); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); d != time.Minute {
			t.Errorf("waited %v of the bubble's time, expected a minute", d)
		}
	})
}

// Those who wait are served in the order in which they came, one for one, also when some in between have left.
func TestLinesAreFair(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { gettersInTurn(t, k.make(0)) })
			synctest.Test(t, func(t *testing.T) { puttersInTurn(t, k.make(1)) })
		})
	}
}

const inLine = 9

// leaves tells who gives up while it waits: the first, the last, two neighbours.
func leaves(i int) bool { return slices.Contains([]int{0, 3, 4, inLine - 1}, i) }

func gettersInTurn(t *testing.T, q *Queue[int]) {
	ctx, cancel := context.WithCancel(t.Context())
	var turn []int
	for i := range inLine {
		c := t.Context()
		if leaves(i) {
			c = ctx
		}
		go func() {
			if _, err := q.GetContext(c); err == nil {
				turn = append(turn, i) // one at a time: the test puts when all sleep
			}
		}()
		synctest.Wait()
	}
	cancel()
	synctest.Wait()
	var want []int
	for i := range inLine {
		if leaves(i) {
			continue
		}
		if err := q.TryPut(i); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if want = append(want, i); !slices.Equal(turn, want) {
			t.Fatalf("the getters came in the order %v, expected %v", turn, want)
		}
	}
}

func puttersInTurn(t *testing.T, q *Queue[int]) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := q.Put(-1); err != nil {
		t.Fatal(err)
	}
	var want []int
	for i := range inLine {
		c := t.Context()
		if leaves(i) {
			c = ctx
		} else {
			want = append(want, i)
		}
		go func() { _ = q.PutContext(c, i) }()
		synctest.Wait()
	}
	cancel()
	synctest.Wait()
	var turn []int
	for range len(want) + 1 {
		v, err := q.TryGet()
		if err != nil {
			t.Fatal(err)
		}
		turn = append(turn, v)
		if err := q.TryPut(99); err == nil && len(turn) <= len(want) {
			t.Fatal("a newcomer went before those who wait")
		}
	}
	if !slices.Equal(turn[1:], want) {
		t.Fatalf("the putters came in the order %v, expected %v", turn[1:], want)
	}
}

// An end of the context and what it waits for, at the same time: it has it, or nothing has happened.
func TestEndWhileServed(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			q := New[int](1)
			ctx, cancel := context.WithCancel(context.Background())
			result := make(chan error, 1)
			go func() { _, err := q.GetContext(ctx); result <- err }()
			synctest.Wait()
			cancel()
			_ = q.TryPut(1)
			if err := <-result; (err == nil) != (q.Len() == 0) {
				t.Fatalf("the get has returned %v, and %d items are there", err, q.Len())
			}
		})
		synctest.Test(t, func(t *testing.T) {
			q := New[int](1)
			_ = q.TryPut(1)
			ctx, cancel := context.WithCancel(context.Background())
			result := make(chan error, 1)
			go func() { result <- q.PutContext(ctx, 2) }()
			synctest.Wait()
			cancel()
			_, _ = q.TryGet()
			if err := <-result; (err == nil) != (q.Len() == 1) {
				t.Fatalf("the put has returned %v, and %d items are there", err, q.Len())
			}
		})
	}
}
