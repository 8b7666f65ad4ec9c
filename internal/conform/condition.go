package conform

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Waiter is what every condition of this module is.
type Waiter interface {
	Locker
	Wait()
	WaitContext(ctx context.Context) error
	WaitFor(ok func() bool)
	WaitForContext(ctx context.Context, ok func() bool) error
	Notify(n int)
	NotifyAll()
}

// Condition runs the contract of a condition; condition makes a fresh one.
func Condition(t *testing.T, condition func(t *testing.T) Waiter) {
	for _, c := range []struct {
		name string // and CPython's names for it, test/lock_tests.py and test/_test_multiprocessing.py
		test func(t *testing.T, c Waiter)
	}{
		{"lock and try", conditionLock},                                 // ConditionTests.test_acquire
		{"wait without the lock", conditionWaitUnlocked},                // ConditionTests.test_unacquired_wait
		{"notify without the lock", conditionNotifyUnlocked},            // ConditionTests.test_unacquired_notify
		{"notify", conditionNotify},                                     // ConditionTests.test_notify, _TestCondition.test_notify
		{"notify n", conditionNotifyN},                                  // _TestCondition.test_notify_n
		{"notify all", conditionNotifyAll},                              // _TestCondition.test_notify_all
		{"timeout", conditionTimeout},                                   // ConditionTests.test_timeout, _TestCondition.test_timeout
		{"wait for", conditionWaitFor},                                  // ConditionTests.test_waitfor, _TestCondition.test_waitfor
		{"wait for, timeout", conditionWaitForTimeout},                  // ConditionTests.test_waitfor_timeout, _TestCondition.test_waitfor_timeout
		{"result of a wait", conditionResult},                           // _TestCondition.test_wait_result
		{"the oldest first", conditionOrder},                            // ours
		{"a later wait steals nothing", conditionNoStealing},            // ours
		{"a notification before the end wins", conditionSuccessWins},    // ours
		{"what ends in time is true", conditionLastLook},                // ours
		{"a cancelled waiter eats no notification", conditionCancelled}, // ours
		{"cancelled out of the middle", conditionCancelledMiddle},       // ours
		{"producers and consumers", conditionMany},                      // ours
		{"no goroutine left", conditionNoLeak},                          // ours
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, condition(t)) })
	}
}

// crowd is goroutines that wait on a condition. A goroutine adds itself under the lock and then waits, so whoever has
// the lock and counts it knows that it waits.
type crowd struct {
	c      Waiter
	asleep int // under the lock
	awake  chan error
}

func newCrowd(c Waiter) *crowd { return &crowd{c: c, awake: make(chan error, 1000)} }

func (w *crowd) wait(ctx context.Context) {
	w.c.Lock()
	w.asleep++
	err := w.c.WaitContext(ctx)
	w.c.Unlock()
	w.awake <- err
}

// start has n more wait, and returns when all do.
func (w *crowd) start(ctx context.Context, n int) {
	w.c.Lock()
	n += w.asleep
	for range n - w.asleep {
		go w.wait(ctx)
	}
	w.c.Unlock()
	w.allAsleep(n)
}

func (w *crowd) allAsleep(n int) {
	for asleep := -1; asleep < n; runtime.Gosched() {
		w.c.Lock()
		asleep = w.asleep
		w.c.Unlock()
	}
}

// woken fails unless n waits end well.
func (w *crowd) woken(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		select {
		case err := <-w.awake:
			if err != nil {
				t.Fatalf("wait %d of %d: %v", i+1, n, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%d of %d woken", i, n)
		}
	}
}

// none fails if another wait has ended. It takes the lock a few times, so that whoever was woken too much has had it.
func (w *crowd) none(t *testing.T) {
	t.Helper()
	for range 20 {
		w.c.Lock()
		w.c.Unlock() //nolint:staticcheck // lets others go first
		runtime.Gosched()
	}
	select {
	case err := <-w.awake:
		t.Fatalf("one too many was woken, with %v", err)
	case <-time.After(2 * time.Millisecond):
	}
}

func (w *crowd) notify(n int) {
	w.c.Lock()
	w.c.Notify(n)
	w.c.Unlock()
}

func conditionLock(t *testing.T, c Waiter) {
	c.Lock()
	if c.TryLock() {
		t.Error("a held lock was taken")
	}
	c.Unlock()
	if !c.TryLock() {
		t.Fatal("a free lock was not taken")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.LockContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("LockContext of a held lock: %v", err)
	}
	c.Unlock()
}

// panics runs f and fails unless it panics; the lock must be free afterwards and work.
func panics(t *testing.T, c Waiter, what string, f func()) {
	t.Helper()
	func() {
		defer func() {
			if recover() == nil {
				t.Errorf("%s without the lock did not panic", what)
			}
		}()
		f()
	}()
	if !c.TryLock() {
		t.Fatalf("%s without the lock has left it locked", what)
	}
	c.Unlock()
}

func conditionWaitUnlocked(t *testing.T, c Waiter) {
	panics(t, c, "Wait", c.Wait)
	panics(t, c, "WaitFor", func() { c.WaitFor(func() bool { return false }) })
}

func conditionNotifyUnlocked(t *testing.T, c Waiter) {
	panics(t, c, "Notify", func() { c.Notify(1) })
	panics(t, c, "NotifyAll", c.NotifyAll)
	w := newCrowd(c)
	w.start(context.Background(), 1)
	panics(t, c, "Notify of one", func() { c.Notify(1) })
	w.none(t)
	w.notify(1)
	w.woken(t, 1)
}

// conditionNotify is Python's _check_notify: five wait twice each, in phases.
func conditionNotify(t *testing.T, c Waiter) {
	for range 2 {
		const n, first = 5, 3
		w := newCrowd(c)
		again := make(chan struct{}, n)
		for range n {
			go func() { w.wait(context.Background()); <-again; w.wait(context.Background()) }()
		}
		w.allAsleep(n)
		w.notify(first)
		w.woken(t, first)
		w.none(t)
		for range n {
			again <- struct{}{}
		}
		w.allAsleep(n + first)
		w.notify(n) // some in their first wait, some in their second
		w.woken(t, n)
		w.allAsleep(2 * n)
		w.none(t)
		c.Lock()
		c.NotifyAll()
		c.Unlock()
		w.woken(t, n-first)
	}
}

func conditionNotifyN(t *testing.T, c Waiter) {
	w := newCrowd(c)
	w.start(context.Background(), 6)
	w.none(t)
	for _, n := range []int{0, -1, 2, 4} {
		w.notify(n)
		w.woken(t, max(0, n))
		w.none(t)
	}
	w.notify(3) // nobody: it must not be kept for the next
	w.start(context.Background(), 1)
	w.none(t)
	w.notify(3)
	w.woken(t, 1)
}

func conditionNotifyAll(t *testing.T, c Waiter) {
	w := newCrowd(c)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	w.start(ctx, 6)
	for range 6 {
		if err := <-w.awake; !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
	}
	c.Lock()
	c.NotifyAll() // nobody is left
	c.Unlock()
	w.start(context.Background(), 6)
	w.none(t)
	c.Lock()
	c.NotifyAll()
	c.Unlock()
	w.woken(t, 6)
}

func conditionTimeout(t *testing.T, c Waiter) {
	const d = 20 * time.Millisecond
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			c.Lock()
			defer c.Unlock() // which panics if the wait has not locked again
			begin := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), d)
			defer cancel()
			if err := c.WaitContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if waited := time.Since(begin); waited < d {
				t.Errorf("gave up after %v, before its %v were over", waited, d)
			}
		})
	}
	wg.Wait()
}

func conditionWaitFor(t *testing.T, c Waiter) {
	state, done := 0, make(chan struct{})
	go func() {
		c.Lock()
		c.WaitFor(func() bool { return state == 4 })
		if state != 4 {
			t.Errorf("state is %d", state)
		}
		c.Unlock()
		close(done)
	}()
	for range 4 {
		c.Lock()
		state++
		c.Notify(1)
		c.Unlock()
	}
	<-done
}

func conditionWaitForTimeout(t *testing.T, c Waiter) {
	state, done := 0, make(chan error)
	const d = 20 * time.Millisecond
	begin := time.Now()
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		c.Lock()
		err := c.WaitForContext(ctx, func() bool { return state == 4 })
		c.Unlock()
		done <- err
	}()
	for range 3 { // only three times: it never is 4
		c.Lock()
		state++
		c.Notify(1)
		c.Unlock()
	}
	if err := <-done; !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) < d {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

func conditionResult(t *testing.T, c Waiter) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	c.Lock()
	defer c.Unlock()
	if err := c.WaitContext(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait that may not last: %v", err)
	}
	go func() {
		c.Lock()
		c.Notify(1)
		c.Unlock()
	}()
	if err := c.WaitContext(context.Background()); err != nil {
		t.Errorf("a wait that was notified: %v", err)
	}
	// Where Python is interrupted by SIGINT, the context ends.
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		c.Lock() // is to be had as soon as the other waits
		cancel()
		c.Unlock()
	}()
	if err := c.WaitContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait that was cancelled: %v", err)
	}
}
