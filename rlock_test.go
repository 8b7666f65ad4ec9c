//go:build linux

package mp_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
)

func TestRLock(t *testing.T) {
	conform.RLock(t, func(*testing.T) conform.RLocker[*mp.Holder] { return mp.NewRLock() })
}

// nested changes the pair three levels deep, a half at a level.
func nested(h *mp.Holder, p *mp.RawValue[pair]) error {
	h.Lock()
	defer h.Unlock()
	if at := p.Ptr(); at.A != at.B {
		return errors.New("torn")
	}
	func() {
		h.Lock()
		defer h.Unlock()
		p.Ptr().A++
		func() {
			h.Lock()
			defer h.Unlock()
			p.Ptr().B++
		}()
	}()
	return nil
}

var (
	hammerNested = mp.Proc3(func(_ context.Context, l *mp.RLock, p *mp.RawValue[pair], rounds int) error {
		h := l.Holder()
		for range rounds {
			if err := nested(h, p); err != nil {
				return err
			}
		}
		return nil
	})
	holdNested = mp.Proc2(func(_ context.Context, l *mp.RLock, g gate) error {
		h := l.Holder()
		h.Lock()
		h.Lock()
		g.pass()
		select {}
	})
	exitNested = mp.Proc(func(_ context.Context, l *mp.RLock) error {
		l.Holder().Lock()
		return nil
	})
	panicInLock = mp.Proc(func(_ context.Context, l *mp.Lock) error {
		l.With(func() { panic("in the section") })
		return nil
	})
	panicInRLock = mp.Proc(func(_ context.Context, l *mp.RLock) error {
		l.Holder().With(func() { panic("in the section") })
		return nil
	})
	unlockAsAnother = mp.Proc(func(_ context.Context, l *mp.RLock) error {
		l.Holder().Unlock()
		return nil
	})
	takeHolder = mp.Proc(func(_ context.Context, h *mp.Holder) error { return nil })
)

func TestRLockBetweenProcesses(t *testing.T) {
	const processes, rounds = 4, 2000
	l, p := mp.NewRLock(mp.Name("pair")), mp.NewRawValue(pair{})
	var g mp.Group
	for range processes {
		g.Start(context.Background(), hammerNested(l, p, rounds))
	}
	h := l.Holder()
	for range rounds {
		if err := nested(h, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Join(); err != nil {
		t.Fatal(err)
	}
	if got := p.Load(); got != (pair{(processes + 1) * rounds, (processes + 1) * rounds}) {
		t.Errorf("got %v", got)
	}
}

// abandonedRLock is an RLock whose holder was killed two levels deep, and the process.
func abandonedRLock(t *testing.T, opts ...mp.Option) (*mp.RLock, *mp.Process) {
	t.Helper()
	l, g := mp.NewRLock(opts...), newGate()
	p := start(t, holdNested(l, g))
	g.wait(t, 1)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Join(); err == nil {
		t.Fatal("the holder was not killed")
	}
	return l, p
}

func isTold(t *testing.T, err error) *mp.OwnerDiedError {
	t.Helper()
	died, ok := errors.AsType[*mp.OwnerDiedError](err)
	if !ok {
		t.Fatalf("got %v, expected *mp.OwnerDiedError", err)
	}
	return died
}

func panicsTelling(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if _, ok := recover().(*mp.OwnerDiedError); !ok {
			t.Error("it did not panic with *mp.OwnerDiedError")
		}
	}()
	f()
}

func TestRLockOfAKilledProcessTellsEveryLocker(t *testing.T) {
	l, p := abandonedRLock(t, mp.Name("nested"))
	h := l.Holder()
	for range 3 {
		died := isTold(t, h.LockContext(context.Background()))
		if died.Object != "nested" || died.Process != p.Name || died.PID != p.PID() || died.Panicked || time.Since(died.Since) > time.Minute {
			t.Errorf("got %+v", died)
		}
	}
	panicsTelling(t, h.Lock)
	panicsTelling(t, func() { h.TryLock() })
	if h.Depth() != 0 {
		t.Errorf("depth %d", h.Depth())
	}
}

func TestWaitingHoldersOfAKilledOneAreTold(t *testing.T) {
	l, g := mp.NewRLock(), newGate()
	p := start(t, holdNested(l, g))
	g.wait(t, 1)
	told := make(chan error)
	for range 5 {
		go func() { told <- l.Holder().LockContext(context.Background()) }()
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "all waiters are told", func() {
		for range 5 {
			isTold(t, <-told)
		}
	})
}

func TestRecoverAnRLock(t *testing.T) {
	l, _ := abandonedRLock(t)
	ctx, failure, h := context.Background(), errors.New("cannot be mended"), l.Holder()
	if err := h.Recover(ctx, func(*mp.OwnerDiedError) error { h.Lock(); return failure }); !errors.Is(err, failure) || h.Depth() != 0 {
		t.Errorf("a failed mend: %v, depth %d", err, h.Depth())
	}
	func() {
		defer func() {
			if recover() != "mend" || h.Depth() != 0 {
				t.Error("the panic of a mend was swallowed, or left its level")
			}
		}()
		_ = h.Recover(ctx, func(*mp.OwnerDiedError) error { panic("mend") })
	}()
	isTold(t, h.LockContext(ctx))

	const recoverers = 8
	mended := 0 // under the lock
	done := make(chan error)
	for range recoverers {
		go func() {
			h := l.Holder()
			err := h.Recover(ctx, func(*mp.OwnerDiedError) error {
				h.Lock() // what mends may be what locks
				defer h.Unlock()
				mended++
				return nil
			})
			if err == nil {
				h.Unlock()
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
	h.Lock()
	if err := h.Recover(ctx, func(*mp.OwnerDiedError) error { return failure }); err != nil || h.Depth() != 2 {
		t.Errorf("nothing to mend: %v, depth %d", err, h.Depth())
	}
	h.Unlock()
	h.Unlock()
	if died, n := l.LastDeath(); n != 1 || died == nil {
		t.Errorf("LastDeath: %v, %d", died, n)
	}
}

func TestReleasePolicyFreesTheRLockOfTheDead(t *testing.T) {
	l, p := abandonedRLock(t, mp.Release)
	h := l.Holder()
	if err := h.LockContext(context.Background()); err != nil || h.Depth() != 1 {
		t.Fatal(err, h.Depth())
	}
	h.Unlock()
	if died, n := l.LastDeath(); n != 1 || died.PID != p.PID() {
		t.Errorf("LastDeath: %v, %d", died, n)
	}
}

func TestExitHoldingAnRLockAbandonsIt(t *testing.T) {
	l := mp.NewRLock()
	if err := start(t, exitNested(l)).Join(); err != nil {
		t.Fatal(err)
	}
	isTold(t, l.Holder().LockContext(context.Background()))
}

func TestUnlockByAHolderElsewherePanicsThere(t *testing.T) {
	l := mp.NewRLock()
	h := l.Holder()
	h.Lock()
	err := start(t, unlockAsAnother(l)).Join()
	if e, ok := errors.AsType[*mp.PanicError](err); !ok || !strings.Contains(e.Error(), "does not hold the lock") {
		t.Errorf("got %v", err)
	}
	if l.Holder().TryLock() {
		t.Error("the lock was given away")
	}
	h.Unlock()
}

// A Holder that nobody has any more leaves the lock held.
func TestDroppedHolderHolds(t *testing.T) {
	l := mp.NewRLock()
	l.Holder().Lock()
	for range 3 {
		runtime.GC()
	}
	if l.Holder().TryLock() {
		t.Error("the lock was given to another")
	}
}

func TestHolderDoesNotTravel(t *testing.T) {
	err := (&mp.Process{Target: takeHolder(mp.NewRLock().Holder())}).Start(context.Background())
	if err == nil || !strings.Contains(err.Error(), "*mp.Holder cannot travel") {
		t.Errorf("got %v", err)
	}
}
