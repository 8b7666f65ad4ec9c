package conform

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/prim"
)

// Barrierer is what every barrier of this module is.
type Barrierer interface {
	Wait() (int, error)
	WaitContext(ctx context.Context) (int, error)
	Abort()
	Reset()
	Broken() bool
	Parties() int
	Waiting() int
}

// Barriers is a place where barriers are.
type Barriers struct {
	New     func(t *testing.T, parties int, action func()) Barrierer // action may be nil
	Why     func(err error) uint32                                   // prim's reason in a BrokenBarrierError; 0 for another error
	Actions bool                                                     // an action may be any function
}

const barrierParties = 5

// Barrier runs the contract of a barrier.
func Barrier(t *testing.T, at Barriers) {
	for _, c := range []struct {
		name string // and CPython's name for it, test/lock_tests.py
		test func(t *testing.T, at Barriers)
	}{
		{"for nobody", barrierConstructor},                            // test_constructor
		{"passed in lockstep", barrierLockstep(1)},                    // test_barrier
		{"passed in lockstep ten times", barrierLockstep(10)},         // test_barrier_10
		{"every index once", barrierIndex},                            // test_wait_return
		{"abort", barrierAbort},                                       // test_abort
		{"reset", barrierReset},                                       // test_reset
		{"abort and reset", barrierAbortAndReset},                     // test_abort_and_reset
		{"timeout", barrierTimeout},                                   // test_timeout
		{"timeout of one alone", barrierTimeoutAlone},                 // test_default_timeout
		{"one party", barrierSingle},                                  // test_single_thread
		{"waiting and broken", barrierShown},                          // test_repr
		{"a thousand turns", barrierThousand},                         // _TestBarrier.test_thousand
		{"the last goes on though its context has ended", barrierEnd}, // ours
		{"the reason", barrierReason},                                 // ours
		{"more than the parties", barrierCrowd},                       // ours
		{"orders what came before it", barrierOrders},                 // ours
		{"resets and waits", barrierResetStorm},                       // ours
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, at) })
	}
	if at.Actions {
		barrierActions(t, at)
	}
}

// together runs f in n goroutines.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

// brokenBy wants err to be a BrokenBarrierError for the reason.
func (at Barriers) brokenBy(t *testing.T, err error, reason uint32) {
	t.Helper()
	if at.Why(err) != reason {
		t.Errorf("got %v, expected a barrier broken for reason %d", err, reason)
	}
}

// waiting waits until n have come.
func waiting(t *testing.T, b Barrierer, n int) {
	t.Helper()
	for begin := time.Now(); b.Waiting() < n; runtime.Gosched() {
		if time.Since(begin) > 10*time.Second {
			t.Errorf("%d have come, expected %d", b.Waiting(), n)
			return
		}
	}
}

func mustWait(t *testing.T, b Barrierer) int {
	t.Helper()
	i, err := b.Wait()
	if err != nil {
		t.Error(err)
	}
	return i
}

func barrierConstructor(t *testing.T, at Barriers) {
	for _, parties := range []int{0, -1, 1 << 20} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a barrier for %d parties", parties)
				}
			}()
			at.New(t, parties, nil)
		}()
	}
}

func barrierLockstep(passes int) func(*testing.T, Barriers) {
	return func(t *testing.T, at Barriers) {
		b := at.New(t, barrierParties, nil)
		var before, after atomic.Int64
		together(barrierParties, func(int) {
			for i := range int64(passes) {
				before.Add(1)
				if n := after.Load(); n != i*barrierParties {
					t.Errorf("turn %d: %d were on the other side, expected %d", i, n, i*barrierParties)
				}
				mustWait(t, b)
				after.Add(1)
				if n := before.Load(); n != (i+1)*barrierParties {
					t.Errorf("turn %d: went on with %d on this side, expected %d", i, n, (i+1)*barrierParties)
				}
				mustWait(t, b)
			}
		})
		if b.Waiting() != 0 || b.Broken() || b.Parties() != barrierParties {
			t.Errorf("%d waiting, broken %v, %d parties", b.Waiting(), b.Broken(), b.Parties())
		}
	}
}

func barrierIndex(t *testing.T, at Barriers) {
	b := at.New(t, barrierParties, nil)
	for range 20 {
		var seen [barrierParties]atomic.Int32
		together(barrierParties, func(int) { seen[mustWait(t, b)].Add(1) })
		for i := range seen {
			if n := seen[i].Load(); n != 1 {
				t.Errorf("%d parties were number %d", n, i)
			}
		}
	}
}

// abortive passes b once, then one party aborts it; it counts who got through, and who got the error.
func abortive(t *testing.T, at Barriers, b Barrierer, through, broken *atomic.Int32) {
	if mustWait(t, b) == barrierParties/2 {
		b.Abort()
		return
	}
	if _, err := b.Wait(); err == nil {
		through.Add(1)
	} else {
		at.brokenBy(t, err, prim.Aborted)
		broken.Add(1)
	}
}

func barrierAbort(t *testing.T, at Barriers) {
	b := at.New(t, barrierParties, nil)
	var through, broken atomic.Int32
	together(barrierParties, func(int) { abortive(t, at, b, &through, &broken) })
	if through.Load() != 0 || broken.Load() != barrierParties-1 || !b.Broken() {
		t.Errorf("%d got through, %d were told, broken %v", through.Load(), broken.Load(), b.Broken())
	}
}

func barrierReset(t *testing.T, at Barriers) {
	b := at.New(t, barrierParties, nil)
	var through, broken, again atomic.Int32
	together(barrierParties, func(int) {
		if mustWait(t, b) == barrierParties/2 {
			waiting(t, b, barrierParties-1)
			b.Reset()
		} else if _, err := b.Wait(); err == nil {
			through.Add(1)
		} else {
			at.brokenBy(t, err, prim.WasReset)
			broken.Add(1)
		}
		mustWait(t, b)
		again.Add(1)
	})
	if through.Load() != 0 || broken.Load() != barrierParties-1 || again.Load() != barrierParties {
		t.Errorf("%d got through, %d were told, %d passed again", through.Load(), broken.Load(), again.Load())
	}
}

func barrierAbortAndReset(t *testing.T, at Barriers) {
	b, second := at.New(t, barrierParties, nil), at.New(t, barrierParties, nil)
	var through, broken, again atomic.Int32
	together(barrierParties, func(int) {
		abortive(t, at, b, &through, &broken)
		if mustWait(t, second) == barrierParties/2 {
			b.Reset()
		}
		mustWait(t, second)
		mustWait(t, b)
		again.Add(1)
	})
	if through.Load() != 0 || broken.Load() != barrierParties-1 || again.Load() != barrierParties {
		t.Errorf("%d got through, %d were told, %d passed again", through.Load(), broken.Load(), again.Load())
	}
}

func barrierTimeout(t *testing.T, at Barriers) {
	b := at.New(t, barrierParties, nil)
	told := make(chan struct{}, barrierParties)
	together(barrierParties, func(int) {
		if mustWait(t, b) == barrierParties/2 { // this one is late
			for range barrierParties - 1 {
				<-told
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		_, err := b.WaitContext(ctx)
		at.brokenBy(t, err, prim.Cancelled)
		told <- struct{}{}
	})
}

func barrierTimeoutAlone(t *testing.T, at Barriers) {
	const d = 20 * time.Millisecond
	b, begin := at.New(t, 2, nil), time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	_, err := b.WaitContext(ctx)
	at.brokenBy(t, err, prim.Cancelled)
	if took := time.Since(begin); took < d || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v after %v, expected context.DeadlineExceeded after %v", err, took, d)
	}
	_, err = b.Wait()
	at.brokenBy(t, err, prim.Cancelled)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("the end of another's context was taken for one's own")
	}
}

func barrierSingle(t *testing.T, at Barriers) {
	b := at.New(t, 1, nil)
	for range 2 {
		if i := mustWait(t, b); i != 0 {
			t.Errorf("number %d", i)
		}
	}
}

func barrierShown(t *testing.T, at Barriers) {
	b := at.New(t, 3, nil)
	show := func(waiting int, broken bool) {
		t.Helper()
		if b.Waiting() != waiting || b.Broken() != broken || b.Parties() != 3 {
			t.Errorf("%d of %d waiting, broken %v, expected %d of 3, broken %v", b.Waiting(), b.Parties(), b.Broken(), waiting, broken)
		}
	}
	show(0, false)
	var two sync.WaitGroup
	for range 2 {
		two.Go(func() { mustWait(t, b) })
	}
	waiting(t, b, 2)
	show(2, false)
	mustWait(t, b)
	two.Wait()
	show(0, false)
	b.Abort()
	show(0, true)
	b.Reset()
	show(0, false)
}

func barrierThousand(t *testing.T, at Barriers) {
	const passes = 1000
	b := at.New(t, barrierParties, nil)
	var passed atomic.Int64
	together(barrierParties, func(int) {
		for i := range int64(passes) {
			mustWait(t, b)
			if n := passed.Add(1); n <= i*(barrierParties-1) || n > (i+2)*barrierParties {
				t.Errorf("turn %d: %d have passed", i, n)
			}
		}
	})
}

func barrierEnd(t *testing.T, at Barriers) {
	b := at.New(t, 2, nil)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	first := make(chan error)
	go func() { _, err := b.Wait(); first <- err }()
	waiting(t, b, 1)
	if i, err := b.WaitContext(ended); err != nil || i != 1 {
		t.Errorf("the last: %d, %v", i, err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
	_, err := b.WaitContext(ended)
	at.brokenBy(t, err, prim.Cancelled)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func barrierReason(t *testing.T, at Barriers) {
	b := at.New(t, 2, nil)
	b.Abort()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := b.WaitContext(ctx)
	at.brokenBy(t, err, prim.Aborted) // the first reason stays
	b.Reset()
	b.Reset() // of a barrier that is whole
	join := sleepers(1, func(ctx context.Context, _ int) {
		if _, err := b.WaitContext(ctx); err != nil {
			t.Error(err)
		}
	})
	mustWait(t, b)
	join()
}

func barrierCrowd(t *testing.T, at Barriers) {
	const turns = 600
	b := at.New(t, 3, nil)
	var came atomic.Int32
	var seen [3]atomic.Int32
	together(9, func(int) {
		for came.Add(1) <= 3*turns {
			seen[mustWait(t, b)].Add(1)
		}
	})
	for i := range seen {
		if n := seen[i].Load(); n != turns {
			t.Errorf("%d were number %d, expected %d", n, i, turns)
		}
	}
}

// The race detector is the judge of this one.
func barrierOrders(t *testing.T, at Barriers) {
	b := at.New(t, 3, nil)
	var data [3]int
	together(3, func(i int) {
		for round := 1; round < 50; round++ {
			data[i] = round
			mustWait(t, b)
			if data[(i+1)%3] != round {
				t.Error("went on before the others had come")
			}
			mustWait(t, b)
		}
	})
}

// A reset may come at any moment, and a wait ends then, one way or the other.
func barrierResetStorm(t *testing.T, at Barriers) {
	b := at.New(t, 2, nil)
	var calm atomic.Bool
	var resets sync.WaitGroup
	resets.Go(func() {
		for range 2000 {
			b.Reset()
			runtime.Gosched()
		}
		calm.Store(true)
	})
	together(2, func(int) {
		for {
			runtime.Gosched() // the two would keep the only CPU to themselves
			over := calm.Load()
			switch _, err := b.Wait(); {
			case err == nil && over:
				b.Abort() // the other may have come in before it was calm
				return
			case err != nil && at.Why(err) == prim.Aborted && calm.Load():
				return
			case err != nil:
				at.brokenBy(t, err, prim.WasReset)
			}
		}
	})
	resets.Wait()
}
