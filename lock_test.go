//go:build linux

package mp_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
)

func TestLock(t *testing.T) {
	conform.Lock(t, func(*testing.T) conform.Locker { return mp.NewLock() })
}

// pair is guarded by a lock: its halves are equal whenever nobody holds it.
type pair struct{ A, B int }

var (
	hammer = mp.Proc3(func(_ context.Context, l *mp.Lock, p *mp.RawValue[pair], rounds int) error {
		for range rounds {
			l.Lock()
			at := p.Ptr()
			if at.A != at.B {
				return errors.New("torn")
			}
			at.A++
			at.B++
			l.Unlock()
		}
		return nil
	})
	holdLock = mp.Proc2(func(_ context.Context, l *mp.Lock, g gate) error {
		l.Lock()
		g.pass()
		select {}
	})
	exitHolding = mp.Proc(func(_ context.Context, l *mp.Lock) error {
		l.Lock()
		return nil
	})
	tryUnlock = mp.Proc(func(_ context.Context, l *mp.Lock) (err error) {
		l.Unlock()
		return nil
	})
)

func TestLockBetweenProcesses(t *testing.T) {
	const processes, rounds = 4, 2000
	l, p := mp.NewLock(mp.Name("pair")), mp.NewRawValue(pair{})
	var g mp.Group
	for range processes {
		g.Start(context.Background(), hammer(l, p, rounds))
	}
	if err := g.Join(); err != nil {
		t.Fatal(err)
	}
	if got := p.Load(); got != (pair{processes * rounds, processes * rounds}) {
		t.Errorf("got %v", got)
	}
}

// abandoned is a lock whose holder was killed, and the holder.
func abandoned(t *testing.T, opts ...mp.Option) (*mp.Lock, *mp.Process) {
	t.Helper()
	l, g := mp.NewLock(opts...), newGate()
	p := start(t, holdLock(l, g))
	g.wait(t, 1)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Join(); err == nil {
		t.Fatal("the holder was not killed")
	}
	return l, p
}

// Python hangs for ever here (cpython #88304).
func TestLockOfAKilledProcessTellsEveryLocker(t *testing.T) {
	l, p := abandoned(t, mp.Name("the lock"))
	ctx := context.Background()
	for range 3 {
		err := l.LockContext(ctx)
		died, ok := errors.AsType[*mp.OwnerDiedError](err)
		if !ok {
			t.Fatalf("got %v, expected *mp.OwnerDiedError", err)
		}
		if died.Object != "the lock" || died.Process != p.Name || died.PID != p.PID() || time.Since(died.Since) > time.Minute {
			t.Errorf("got %+v", died)
		}
	}
	for name, f := range map[string]func(){"Lock": l.Lock, "TryLock": func() { l.TryLock() }} {
		func() {
			defer func() {
				if _, ok := recover().(*mp.OwnerDiedError); !ok {
					t.Errorf("%s did not panic with *mp.OwnerDiedError", name)
				}
			}()
			f()
		}()
	}
}

func TestWaitersOfAKilledHolderAreTold(t *testing.T) {
	l, g := mp.NewLock(), newGate()
	p := start(t, holdLock(l, g))
	g.wait(t, 1)
	told := make(chan error)
	for range 5 {
		go func() { told <- l.LockContext(context.Background()) }()
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "all waiters are told", func() {
		for range 5 {
			if _, ok := errors.AsType[*mp.OwnerDiedError](<-told); !ok {
				t.Error("a waiter got the lock, or another error")
			}
		}
	})
}

func TestRecover(t *testing.T) {
	l, _ := abandoned(t)
	ctx, failure := context.Background(), errors.New("cannot be mended")
	if err := l.Recover(ctx, func(*mp.OwnerDiedError) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("a failed mend: %v", err)
	}
	func() {
		defer func() {
			if recover() != "mend" {
				t.Error("the panic of a mend was swallowed")
			}
		}()
		_ = l.Recover(ctx, func(*mp.OwnerDiedError) error { panic("mend") })
	}()
	if _, ok := errors.AsType[*mp.OwnerDiedError](l.LockContext(ctx)); !ok {
		t.Error("the lock is not abandoned after failed mends")
	}

	const recoverers = 8
	mended := 0 // under the lock
	done := make(chan error)
	for range recoverers {
		go func() {
			err := l.Recover(ctx, func(died *mp.OwnerDiedError) error { mended++; return nil })
			if err == nil {
				l.Unlock()
			}
			done <- err
		}()
	}
	for range recoverers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if mended != 1 {
		t.Errorf("mended %d times", mended)
	}
	l.Lock()
	l.Unlock() //nolint:staticcheck // an ordinary lock again
	if died, n := l.LastDeath(); n != 1 || died == nil {
		t.Errorf("LastDeath: %v, %d", died, n)
	}
}

func TestReleasePolicyFreesTheLockOfTheDead(t *testing.T) {
	l, p := abandoned(t, mp.Release)
	if err := l.LockContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	l.Unlock()
	if died, n := l.LastDeath(); n != 1 || died.PID != p.PID() {
		t.Errorf("LastDeath: %v, %d", died, n)
	}
}

func TestExitHoldingALockAbandonsIt(t *testing.T) {
	l := mp.NewLock()
	if err := start(t, exitHolding(l)).Join(); err != nil {
		t.Fatal(err)
	}
	if _, ok := errors.AsType[*mp.OwnerDiedError](l.LockContext(context.Background())); !ok {
		t.Error("a lock that its holder took to its end was given out")
	}
}

func TestUnlockByAnotherProcessPanicsThere(t *testing.T) {
	l := mp.NewLock()
	l.Lock()
	err := start(t, tryUnlock(l)).Join()
	if e, ok := errors.AsType[*mp.PanicError](err); !ok || !strings.Contains(e.Error(), "another process holds") {
		t.Errorf("got %v", err)
	}
	if l.TryLock() {
		t.Error("the lock was given away")
	}
	l.Unlock()
}

// A stopped process is not dead: its lock stays its own.
func TestLockOfAStoppedProcessIsHeld(t *testing.T) {
	l, g := mp.NewLock(), newGate()
	p := start(t, holdLock(l, g))
	g.wait(t, 1)
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := l.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// The heap data that a lock in shared memory guards is in order, and the race detector is told so.
func TestLockOrdersHeapDataForTheRaceDetector(t *testing.T) {
	l, n := mp.NewLock(), 0
	done := make(chan struct{})
	for range 4 {
		go func() {
			for range 100 {
				l.Lock()
				n++
				l.Unlock()
				runtime.Gosched()
			}
			done <- struct{}{}
		}()
	}
	for range 4 {
		<-done
	}
	if n != 400 {
		t.Errorf("counted %d", n)
	}
}
