package threading

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/multiproc/mp/internal/conform"
)

func TestRLock(t *testing.T) {
	conform.RLock(t, func(*testing.T) conform.RLocker[*Holder] { return new(RLock) })
}

func TestRLockInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l RLock
		first, second := l.Holder(), l.Holder()
		first.Lock()
		first.Lock()
		time.AfterFunc(time.Minute, func() { first.Unlock(); time.AfterFunc(time.Minute, first.Unlock) })
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := second.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		second.Lock()
		if d := time.Since(begin); d != 2*time.Minute {
			t.Errorf("waited %v of the bubble's time, expected two minutes", d)
		}
		go func() { first.Lock(); first.Unlock() }() //nolint:staticcheck // the empty section is the test
		synctest.Wait()
		second.Lock()
		second.Unlock()
		second.Unlock()
		synctest.Wait()
		if !second.TryLock() {
			t.Error("the lock is not free")
		}
	})
}

// A panic in With, or the end of the goroutine, leaves the lock free, as in Python.
func TestWithUnlocks(t *testing.T) {
	var l Lock
	var r RLock
	for name, with := range map[string]func(f func()){"Lock": l.With, "Holder": r.Holder().With} {
		t.Run(name, func(t *testing.T) {
			for _, end := range []func(){func() {}, runtime.Goexit, func() { panic("in the section") }} {
				var wg sync.WaitGroup
				wg.Go(func() {
					defer func() { _ = recover() }()
					with(end)
				})
				wg.Wait()
			}
		})
	}
	if !l.TryLock() || !r.Holder().TryLock() {
		t.Error("a lock was not given back")
	}
	mustPanicWith(t, "in the section", func() { new(Lock).With(func() { panic("in the section") }) })
}

func mustPanicWith(t *testing.T, want any, f func()) {
	t.Helper()
	defer func() {
		if got := recover(); got != want {
			t.Errorf("panicked with %v, expected %v", got, want)
		}
	}()
	f()
}

// A Holder that is dropped while it holds leaves the lock held: nobody can tell whether its work is done.
func TestDroppedHolderHolds(t *testing.T) {
	var l RLock
	l.Holder().Lock()
	runtime.GC()
	if l.Holder().TryLock() {
		t.Error("the lock was given to another")
	}
}
