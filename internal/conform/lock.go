// Package conform holds the contracts of the primitives as test suites: one suite for each, run at every
// place where the primitive exists. The cases are CPython's where CPython has them, and say so.
package conform

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Locker is what every lock of this module is.
type Locker interface {
	Lock()
	TryLock() bool
	LockContext(ctx context.Context) error
	Unlock()
}

// Lock runs the contract of a lock; locker makes a fresh one.
func Lock(t *testing.T, locker func(t *testing.T) Locker) {
	for _, c := range []struct {
		name string // and CPython's name for it, test/lock_tests.py
		test func(t *testing.T, l Locker)
	}{
		{"acquire and release", lockAcquireRelease}, // test_acquire_release
		{"try", lockTry},                                           // test_try_acquire
		{"try contended", lockTryContended},                        // test_try_acquire_contended
		{"contended", lockContended},                               // test_acquire_contended
		{"reacquire", lockReacquire},                               // test_reacquire
		{"released by another goroutine", lockOtherGoroutine},      // test_different_thread
		{"timeout", lockTimeout},                                   // test_timeout
		{"state after a timeout", lockStateAfterTimeout},           // test_state_after_timeout
		{"no goroutine left", lockNoLeak},                          // test_thread_leak
		{"unlock of an unlocked lock", lockMisuse},                 // test_acquire_release of BaseLockTests: RuntimeError
		{"success wins over an ended context", lockFreeBeatsEnded}, // ours
		{"a cancelled waiter eats no wake-up", lockCancelStorm},    // ours
		{"many goroutines", lockMany},                              // ours
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, locker(t)) })
	}
}

func lockAcquireRelease(_ *testing.T, l Locker) {
	l.Lock()
	l.Unlock()
}

func lockTry(t *testing.T, l Locker) {
	if !l.TryLock() {
		t.Fatal("a free lock was not taken")
	}
	l.Unlock()
}

func lockTryContended(t *testing.T, l Locker) {
	l.Lock()
	defer l.Unlock()
	got := make(chan bool)
	go func() { got <- l.TryLock() }()
	if <-got {
		t.Error("a held lock was taken")
	}
}

func lockContended(t *testing.T, l Locker) {
	l.Lock()
	order := make(chan int, 6)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			l.Lock()
			order <- 1
			l.Unlock()
		})
	}
	order <- 0
	l.Unlock()
	wg.Wait()
	if first := <-order; first != 0 {
		t.Error("somebody was inside while the lock was held")
	}
}

func lockReacquire(_ *testing.T, l Locker) {
	for range 3 {
		l.Lock()
		l.Unlock() //nolint:staticcheck // the empty section is the test
	}
}

func lockOtherGoroutine(_ *testing.T, l Locker) {
	l.Lock()
	done := make(chan struct{})
	go func() { l.Unlock(); close(done) }()
	<-done
	l.Lock()
	l.Unlock() //nolint:staticcheck // the empty section is the test
}

func lockTimeout(t *testing.T, l Locker) {
	l.Lock()
	defer l.Unlock()
	const d = 20 * time.Millisecond
	begin := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	if err := l.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, expected context.DeadlineExceeded", err)
	}
	if waited := time.Since(begin); waited < d {
		t.Errorf("gave up after %v, before its %v were over", waited, d)
	}
}

func lockStateAfterTimeout(t *testing.T, l Locker) {
	l.Lock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := l.LockContext(ctx); err == nil {
		t.Fatal("a held lock was taken")
	}
	l.Unlock()
	if !l.TryLock() {
		t.Fatal("the lock is not free after a waiter has given up")
	}
	l.Unlock()
}

func lockNoLeak(t *testing.T, l Locker) {
	before := runtime.NumGoroutine()
	for range 20 {
		l.Lock()
		done := make(chan struct{})
		go func() { l.Lock(); l.Unlock(); close(done) }() //nolint:staticcheck // the empty section is the test
		l.Unlock()
		<-done
	}
	for begin := time.Now(); runtime.NumGoroutine() > before+1; runtime.Gosched() { // the parker's tick may run on for a while
		if time.Since(begin) > 5*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func lockMisuse(t *testing.T, l Locker) {
	defer func() {
		if recover() == nil {
			t.Error("Unlock of an unlocked lock did not panic")
		}
		l.Lock() // and has damaged nothing
		l.Unlock()
	}()
	l.Unlock()
}

func lockFreeBeatsEnded(t *testing.T, l Locker) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.LockContext(ctx); err != nil {
		t.Fatalf("a free lock was refused: %v", err)
	}
	l.Unlock()
}

func lockCancelStorm(t *testing.T, l Locker) {
	var wg sync.WaitGroup
	inside := 0
	for range 8 {
		wg.Go(func() {
			for range 100 {
				ctx, cancel := context.WithCancel(context.Background())
				go cancel()
				if l.LockContext(ctx) == nil {
					inside++
					l.Unlock()
				}
				cancel()
			}
		})
		wg.Go(func() {
			for range 100 {
				l.Lock()
				inside++
				l.Unlock()
			}
		})
	}
	begin := time.Now()
	wg.Wait()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v: wake-ups are lost and only the tick heals them", took)
	}
	if inside < 800 {
		t.Errorf("%d sections of at least 800", inside)
	}
}

func lockMany(t *testing.T, l Locker) {
	const goroutines, rounds = 100, 50
	var wg sync.WaitGroup
	count := 0
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				l.Lock()
				count++
				l.Unlock()
			}
		})
	}
	wg.Wait()
	if count != goroutines*rounds {
		t.Errorf("counted %d of %d", count, goroutines*rounds)
	}
}
