package conform

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/multiproc/mp/internal/refusal"
)

// QueueTasks runs the contract of TaskDone and Join.
func QueueTasks(t *testing.T, p QueuePlace[Tasker]) {
	for _, c := range []struct {
		name string // and CPython's name for it, test/test_queue.py
		test func(t *testing.T, p taskPlaces)
	}{
		{"TaskDone too often", tasksMisuse},                             // test_queue_task_done
		{"Join", tasksJoin},                                             // test_queue_join
		{"shutdown by one", tasksShutdownOne},                           // test_shutdown_all_methods_in_one_thread
		{"immediate shutdown by one", tasksShutdownNowOne},              // test_shutdown_immediate_all_methods_in_one_thread
		{"shutdown among many", tasksShutdownMany},                      // test_shutdown_all_methods_in_many_threads
		{"immediate shutdown among many", tasksShutdownNowMany},         // test_shutdown_immediate_all_methods_in_many_threads
		{"shutdown and joiners", tasksShutdownJoin},                     // test_shutdown_join
		{"immediate shutdown and joiners", tasksShutdownNowJoin},        // test_shutdown_immediate_join
		{"shutdown with a joiner and a put", tasksShutdownPutJoin},      // test_shutdown_put_join
		{"immediate shutdown with a joiner and a put", tasksNowPutJoin}, // test_shutdown_immediate_put_join
		{"shutdown with getters and joiners", tasksShutdownGetJoin},     // test_shutdown_get_task_done_join
		{"immediate shutdown with work in hand", tasksNowInHand},        // ours, and those that follow
		{"shutdown after an early TaskDone", tasksDoneBeforeGet},
		{"JoinContext", tasksJoinContext},
		{"a waiting put is no task yet", tasksWaitingPut},
	} {
		p.run(t, c.name, c.test)
	}
}

func tasksMisuse(t *testing.T, p taskPlaces) {
	q := p.New(t, 0)
	expectPanic(t, q.TaskDone)
	mustPut(t, q, 1)
	mustGet(t, q, 1)
	q.TaskDone()
	expectPanic(t, q.TaskDone)
	mustPut(t, q, 2) // nothing is damaged
	mustGet(t, q, 2)
	q.TaskDone()
	q.Join()
}

func expectPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("one TaskDone too many did not panic")
		}
	}()
	f()
}

func tasksJoin(t *testing.T, p taskPlaces) {
	q := p.New(t, 0)
	for range 2 {
		joinOnce(t, q)
	}
	expectPanic(t, q.TaskDone)
}

func joinOnce(t *testing.T, q Tasker) {
	var sum atomic.Int64
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for {
				v, err := q.Get()
				expect(t, err, nil)
				if v >= 0 {
					sum.Add(int64(v))
				}
				q.TaskDone()
				if v < 0 {
					return
				}
			}
		})
	}
	for i := range 100 {
		mustPut(t, q, i)
	}
	if q.Join(); sum.Load() != 4950 {
		t.Errorf("Join returned when the sum was %d, expected 4950", sum.Load())
	}
	mustPut(t, q, -1, -1)
	q.Join()
	workers.Wait()
}

func tasksShutdownOne(t *testing.T, p taskPlaces) {
	q := p.New(t, 2)
	mustPut(t, q, 1)
	expect(t, q.TryPut(1), nil)
	q.Shutdown()
	expectShut(t, q)
	mustGet(t, q, 1)
	q.TaskDone()
	mustGet(t, q, 1)
	q.TaskDone()
	q.Join()
	expectOver(t, q)
}

func tasksShutdownNowOne(t *testing.T, p taskPlaces) {
	q := p.New(t, 2)
	mustPut(t, q, 1)
	expect(t, q.TryPut(1), nil)
	q.ShutdownNow()
	expectOver(t, q)
	expectPanic(t, q.TaskDone)
	q.Join()
}

// shutdownMany shuts down in the middle of the work of 4 putters, 6 getters that never sleep, and joiners.
func shutdownMany(t *testing.T, p taskPlaces, shutdown func(Tasker), joiners int) {
	const putters, getters, items = 4, 6, 1024
	q := p.New(t, 0)
	var begun, ended sync.WaitGroup
	begun.Add(getters)
	middle := sync.OnceFunc(func() { shutdown(q) })
	var refused, over atomic.Int32
	for range putters {
		ended.Go(func() {
			for i := range items {
				if i == items/2 {
					begun.Wait() // each getter has got one
				}
				if err := q.Put(i); err != nil {
					expect(t, err, refusal.ErrShutDown)
					refused.Add(1)
					return
				}
				if i == items*3/4 {
					middle()
				}
			}
		})
	}
	for range getters {
		ended.Go(func() {
			_, err := q.Get()
			expect(t, err, nil)
			q.TaskDone()
			begun.Done()
			begun.Wait() // or one of them takes what another waits for, and the putters with it
			for ; !errors.Is(err, refusal.ErrShutDown); runtime.Gosched() {
				if _, err = q.TryGet(); err == nil {
					q.TaskDone()
				}
			}
			over.Add(1)
		})
	}
	for range joiners {
		ended.Go(q.Join)
	}
	ended.Wait()
	q.Join() // all that was put is done or dropped
	if refused.Load() == 0 || over.Load() != getters || q.Len() != 0 {
		t.Errorf("%d putters were refused, %d getters of %d have seen the end, %d are left",
			refused.Load(), over.Load(), getters, q.Len())
	}
}

func tasksShutdownMany(t *testing.T, p taskPlaces) { shutdownMany(t, p, Tasker.Shutdown, 0) }

func tasksShutdownNowMany(t *testing.T, p taskPlaces) { shutdownMany(t, p, Tasker.ShutdownNow, 2) }

func (p QueuePlace[Q]) join(q Tasker) *call {
	return begin(p.settle, func() (int, error) { q.Join(); return 0, nil })
}

func tasksShutdownJoin(t *testing.T, p taskPlaces) {
	q := p.New(t, 0)
	mustPut(t, q, 1)
	a, b := p.join(q), p.join(q)
	q.Shutdown()
	p.settle()
	a.waits(t)
	b.waits(t)
	mustGet(t, q, 1)
	q.TaskDone()
	a.returns(t, nil)
	b.returns(t, nil)
}

func tasksShutdownNowJoin(t *testing.T, p taskPlaces) {
	q := p.New(t, 0)
	mustPut(t, q, 1)
	a, b := p.join(q), p.join(q)
	a.waits(t)
	b.waits(t)
	q.ShutdownNow()
	a.returns(t, nil)
	b.returns(t, nil)
}

func tasksShutdownPutJoin(t *testing.T, p taskPlaces) {
	q := p.New(t, 2)
	mustPut(t, q, 1)
	join := p.join(q)
	q.Shutdown()
	expect(t, q.Put(2), refusal.ErrShutDown)
	p.settle()
	join.waits(t)
	mustGet(t, q, 1)
	q.TaskDone()
	join.returns(t, nil)
}

func tasksNowPutJoin(t *testing.T, p taskPlaces) {
	q := p.New(t, 2)
	mustPut(t, q, 1)
	join := p.join(q)
	q.ShutdownNow()
	expect(t, q.Put(2), refusal.ErrShutDown)
	_, err := q.TryGet()
	expect(t, err, refusal.ErrShutDown)
	join.returns(t, nil)
}

func tasksShutdownGetJoin(t *testing.T, p taskPlaces) {
	q := p.New(t, 2)
	mustPut(t, q, 1, 2)
	a, b := p.join(q), p.join(q)
	q.Shutdown()
	work := func() (int, error) {
		v, err := q.Get()
		q.TaskDone()
		return v, err
	}
	c, d := begin(p.settle, work), begin(p.settle, work)
	for _, x := range []*call{a, b, c, d} {
		x.returns(t, nil)
	}
}

func tasksNowInHand(t *testing.T, p taskPlaces) {
	q := p.New(t, 0)
	mustPut(t, q, 1, 1, 1)
	mustGet(t, q, 1)
	join := p.join(q)
	q.ShutdownNow()
	p.settle()
	join.waits(t) // for the one that was got
	q.TaskDone()
	join.returns(t, nil)
	expectPanic(t, q.TaskDone)
}

func tasksDoneBeforeGet(t *testing.T, p taskPlaces) {
	q := p.New(t, 0)
	if p.InHand {
		expectPanic(t, q.TaskDone)
		return
	}
	mustPut(t, q, 1, 1)
	q.TaskDone()
	q.TaskDone()
	q.Join()
	q.ShutdownNow()
	q.Join()
	expectPanic(t, q.TaskDone)
}

func tasksJoinContext(t *testing.T, p taskPlaces) {
	q := p.New(t, 0)
	expect(t, q.JoinContext(ended()), nil) // nothing to do
	mustPut(t, q, 1)
	expect(t, q.JoinContext(ended()), context.Canceled)
	ctx, cancel := short()
	defer cancel()
	expect(t, q.JoinContext(ctx), context.DeadlineExceeded)
	join := begin(p.settle, func() (int, error) { return 0, q.JoinContext(t.Context()) })
	join.waits(t)
	mustGet(t, q, 1)
	q.TaskDone()
	join.returns(t, nil)
}

func tasksWaitingPut(t *testing.T, p taskPlaces) {
	q := p.New(t, 1)
	mustPut(t, q, 1)
	ctx, cancel := context.WithCancel(context.Background())
	put := begin(p.settle, func() (int, error) { return 0, q.PutContext(ctx, 2) })
	cancel()
	put.returns(t, context.Canceled)
	mustGet(t, q, 1)
	q.TaskDone()
	q.Join()
	got := p.get(q)
	mustPut(t, q, 3) // handed over at once, and a task all the same
	got.returns(t, nil)
	expect(t, q.JoinContext(ended()), context.Canceled)
	q.TaskDone()
	q.Join()
}
