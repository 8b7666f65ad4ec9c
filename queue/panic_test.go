package queue

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// oops is what a comparison panics with.
type oops struct{}

// failing is a queue by priority whose comparison fails when asked to, as CPython's FailingQueue.
type failing struct {
	*Queue[int]
	fail int // which comparison from now on panics; 0: none
}

func newFailing(max int) *failing {
	f := &failing{}
	f.Queue = NewPriority(max, func(a, b int) int {
		if f.fail--; f.fail == 0 {
			panic(oops{})
		}
		return cmp.Compare(a, b)
	})
	return f
}

// fails tells whether call panicked with oops; any other panic goes on.
func fails(call func()) (failed bool) {
	defer func() {
		if v := recover(); v != nil {
			_ = v.(oops)
			failed = true
		}
	}()
	call()
	return false
}

func (f *failing) put(t *testing.T, vs ...int) {
	t.Helper()
	for _, v := range vs {
		if err := f.Put(v); err != nil {
			t.Error(err)
		}
	}
}

// is compares what is in the queue, and empties it.
func (f *failing) is(t *testing.T, want ...int) {
	t.Helper()
	f.fail = 0
	got := make([]int, 99)
	n, err := f.GetMany(t.Context(), got)
	if err != nil || !slices.Equal(got[:n], want) {
		t.Errorf("the queue has %v, %v, expected %v", got[:n], err, want)
	}
}

// A comparison that panics is its caller's, and the queue is as it was. CPython: FailingQueueTest.test_failing_queue
func TestFailingComparison(t *testing.T) {
	items := []int{5, 3, 4, 1, 2}
	t.Run("put", func(t *testing.T) {
		for n := 1; ; n++ { // the n-th comparison
			f := newFailing(9)
			f.put(t, items...)
			f.fail = n
			if !fails(func() { f.put(t, 0) }) {
				f.is(t, 0, 1, 2, 3, 4, 5)
				return
			}
			f.is(t, 1, 2, 3, 4, 5)
		}
	})
	t.Run("get", func(t *testing.T) {
		for n := 1; ; n++ {
			f := newFailing(5)
			f.put(t, items...)
			f.fail = n
			if !fails(func() { _, _ = f.TryGet() }) {
				f.is(t, 2, 3, 4, 5)
				return
			}
			f.is(t, 1, 2, 3, 4, 5)
		}
	})
	t.Run("get of many", func(t *testing.T) {
		for n := 1; ; n++ {
			f := newFailing(5)
			f.put(t, items...)
			f.fail = n
			got := make([]int, 5)
			if fails(func() { n, _ := f.GetMany(t.Context(), got); got = got[:n] }) {
				f.is(t, 1, 2, 3, 4, 5)
				continue
			}
			if len(got) == 5 {
				return
			}
			f.put(t, 9) // the rest is there, and works
			f.is(t, append([]int{1, 2, 3, 4, 5}[len(got):], 9)...)
		}
	})
	t.Run("tasks", func(t *testing.T) {
		f := newFailing(0)
		f.put(t, 1)
		f.fail = 1
		if !fails(func() { f.put(t, 2) }) {
			t.Error("did not panic")
		}
		f.is(t, 1)
		f.TaskDone()
		f.Join() // what was not put is no task
	})
}

// A put that waits suffers its own panic; the get that let it in does not, and the next in line comes in.
func TestFailingComparisonOfAWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFailing(3)
		f.put(t, 1, 2, 3)
		var failed bool
		go func() { failed = fails(func() { f.put(t, 0) }) }()
		synctest.Wait()
		go f.put(t, 7)
		synctest.Wait()
		f.fail = 2 // the first is the get's own
		if v, err := f.Get(); v != 1 || err != nil {
			t.Errorf("got %d, %v, expected 1", v, err)
		}
		synctest.Wait()
		if !failed {
			t.Error("the waiting put did not panic")
		}
		f.is(t, 2, 3, 7)
	})
}

// A batch that fails has put what comes before the item it failed with, also when getters waited.
func TestFailingBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFailing(0)
		var served atomic.Int64
		for range 2 {
			go func() { v, _ := f.Get(); served.Add(int64(v)) }()
		}
		synctest.Wait()
		f.fail = 2
		if !fails(func() { _, _ = f.PutMany(context.Background(), []int{9, 9, 1, 2, 3}) }) {
			t.Error("did not panic")
		}
		synctest.Wait()
		if served.Load() != 18 {
			t.Error("the getters were not served, or not both")
		}
		f.is(t, 1, 2)
	})
}

func TestPriorityNeedsAComparison(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("did not panic")
		}
	}()
	NewPriority[int](0, nil)
}
