//go:build linux

package mp_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/multiproc/mp"
)

// A section that did not come to its end is told of to every locker, of this process too.
func TestWithThatPanicsAbandons(t *testing.T) {
	ctx := context.Background()
	ends := map[string]func(){"panic": func() { panic("in the section") }, "Goexit": runtime.Goexit}
	for end, f := range ends {
		for _, kind := range []string{"Lock", "RLock"} {
			t.Run(end+" in "+kind, func(t *testing.T) {
				l, r := mp.NewLock(mp.Name("torn")), mp.NewRLock(mp.Name("torn"))
				with, lock, unlock, recoverer, last := l.With, l.LockContext, l.Unlock, l.Recover, l.LastDeath
				if kind == "RLock" {
					h, other := r.Holder(), r.Holder()
					with, lock, unlock, recoverer, last = h.With, other.LockContext, other.Unlock, other.Recover, r.LastDeath
				}
				with(func() {})
				if died, n := last(); died != nil || n != 0 {
					t.Fatalf("a section that came to its end: %v", died)
				}
				for torn := 1; torn <= 2; torn++ {
					done := make(chan any)
					go func() {
						var got any
						defer func() { done <- got }()
						defer func() { got = recover() }()
						with(f)
					}()
					if got := <-done; end == "panic" && got != "in the section" {
						t.Errorf("the panic has become %v", got)
					}
					died := isTold(t, lock(ctx))
					if !died.Panicked || died.PID != os.Getpid() || died.Object != "torn" {
						t.Errorf("got %+v", died)
					}
					if err := recoverer(ctx, func(d *mp.OwnerDiedError) error { return nil }); err != nil {
						t.Fatal(err)
					}
					unlock()
					if died, n := last(); n != torn || !died.Panicked {
						t.Errorf("LastDeath: %v, %d", died, n)
					}
				}
			})
		}
	}
}

func TestWithThatPanicsInAnotherProcess(t *testing.T) {
	l, r := mp.NewLock(), mp.NewRLock()
	for _, c := range []struct {
		target mp.Target
		lock   func(context.Context) error
	}{{panicInLock(l), l.LockContext}, {panicInRLock(r), r.Holder().LockContext}} {
		p := start(t, c.target)
		if _, ok := errors.AsType[*mp.PanicError](p.Join()); !ok {
			t.Fatal("the panic was swallowed")
		}
		if died := isTold(t, c.lock(context.Background())); !died.Panicked || died.PID != p.PID() || died.Process != p.Name {
			t.Errorf("got %+v", died)
		}
	}
}

// With Release nothing can be torn.
func TestWithThatPanicsReleases(t *testing.T) {
	l, r := mp.NewLock(mp.Release), mp.NewRLock(mp.Release)
	h := r.Holder()
	for _, with := range []func(func()){l.With, h.With} {
		func() {
			defer func() { _ = recover() }()
			with(func() { panic("in the section") })
		}()
	}
	if !l.TryLock() || !r.Holder().TryLock() {
		t.Error("a lock was not freed")
	}
	if died, n := l.LastDeath(); died != nil || n != 0 {
		t.Errorf("LastDeath: %v, %d", died, n)
	}
}

// The levels below a panic keep the lock, are told too, and can mend.
func TestWithThatPanicsWithinLevels(t *testing.T) {
	ctx := context.Background()
	tear := func(h *mp.Holder) {
		defer func() { _ = recover() }()
		h.With(func() {
			h.Lock() // and never unlocked: it ends with the section
			panic("in the section")
		})
	}
	t.Run("left", func(t *testing.T) {
		l := mp.NewRLock()
		h := l.Holder()
		h.Lock()
		tear(h)
		if died := isTold(t, h.LockContext(ctx)); !died.Panicked || h.Depth() != 1 {
			t.Errorf("%+v, depth %d", died, h.Depth())
		}
		panicsTelling(t, func() { h.TryLock() })
		panicsTelling(t, func() { h.With(func() { t.Error("in what is torn") }) })
		if l.Holder().TryLock() {
			t.Fatal("another holder got in")
		}
		h.Unlock()
		isTold(t, l.Holder().LockContext(ctx))
		isTold(t, h.LockContext(ctx))
	})
	t.Run("mended", func(t *testing.T) {
		l := mp.NewRLock()
		h := l.Holder()
		h.Lock()
		tear(h)
		failure := errors.New("not at once")
		if err := h.Recover(ctx, func(*mp.OwnerDiedError) error { return failure }); !errors.Is(err, failure) || h.Depth() != 1 {
			t.Errorf("%v, depth %d", err, h.Depth())
		}
		isTold(t, h.LockContext(ctx))
		if err := h.Recover(ctx, nil); err != nil || h.Depth() != 2 {
			t.Errorf("%v, depth %d", err, h.Depth())
		}
		h.Unlock()
		h.Unlock()
		if err := l.Holder().LockContext(ctx); err != nil {
			t.Error(err)
		}
	})
}

// What has been given back in the section is not torn by what comes behind.
func TestWithThatUnlocksItself(t *testing.T) {
	l, r := mp.NewLock(), mp.NewRLock()
	h := r.Holder()
	for _, c := range []struct {
		with   func(func())
		unlock func()
		free   func() bool
	}{{l.With, l.Unlock, l.TryLock}, {h.With, h.Unlock, r.Holder().TryLock}} {
		func() {
			defer func() {
				if recover() != "behind the section" {
					t.Error("the panic was lost")
				}
			}()
			c.with(func() { c.unlock(); panic("behind the section") })
		}()
		if !c.free() {
			t.Error("the lock is not free")
		}
	}
	if _, n := l.LastDeath(); n != 0 {
		t.Errorf("the lock was torn %d times", n)
	}
	if _, n := r.LastDeath(); n != 0 {
		t.Errorf("the rlock was torn %d times", n)
	}
}
