//go:build linux

package mp_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
)

func TestSemaphore(t *testing.T) {
	conform.Semaphore(t, func(_ *testing.T, n int) conform.Permits { return mp.NewSemaphore(n) })
}

var (
	acquireAndRelease = mp.Proc3(func(ctx context.Context, s *mp.Semaphore, inside *mp.Value[room], rounds int) error {
		for range rounds {
			if err := s.AcquireContext(ctx); err != nil {
				return err
			}
			inside.Update(func(r *room) { r.Now++; r.Most = max(r.Most, r.Now) })
			inside.Update(func(r *room) { r.Now-- })
			s.Release()
		}
		return nil
	})
	// waitThere sleeps until there is a permit, and hands it on.
	waitThere = mp.Proc3(func(ctx context.Context, s, done *mp.Semaphore, g gate) error {
		g.pass()
		if err := s.AcquireContext(ctx); err != nil {
			return err
		}
		done.Release()
		return nil
	})
	// relay is one side of a ball game.
	relay = mp.Proc3(func(ctx context.Context, mine, other *mp.Semaphore, rounds int) error {
		for range rounds {
			if err := mine.AcquireContext(ctx); err != nil {
				return err
			}
			other.Release()
		}
		return nil
	})
	exhaust = mp.Proc2(func(_ context.Context, s *mp.Semaphore, g gate) error {
		for s.TryAcquire() {
		}
		g.pass()
		select {}
	})
)

// No more are inside than there are permits, whatever process they are of.
func TestSemaphoreBetweenProcesses(t *testing.T) {
	const processes, rounds, permits = 5, 400, 3
	s, inside := mp.NewSemaphore(permits, mp.Name("permits")), mp.NewValue(room{})
	var g mp.Group
	for range processes {
		g.Start(context.Background(), acquireAndRelease(s, inside, rounds))
	}
	if err := g.Join(); err != nil {
		t.Fatal(err)
	}
	if r := inside.Load(); r.Now != 0 || r.Most > permits || s.Value() != permits {
		t.Errorf("%+v, %d permits left", r, s.Value())
	}
}

// One process releases what another acquires.
func TestSemaphorePingPong(t *testing.T) {
	const rounds = 2000
	ping, pong := mp.NewSemaphore(0), mp.NewSemaphore(0)
	p := start(t, relay(ping, pong, rounds))
	within(t, 20*time.Second, "the ball comes back each time", func() {
		for range rounds {
			ping.Release()
			pong.Acquire()
		}
	})
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

// Several wait in processes of their own; several permits come at once.
func TestReleaseNWakesProcesses(t *testing.T) {
	const waiters = 4
	s, done, g := mp.NewSemaphore(0), mp.NewSemaphore(0), newGate()
	for range waiters {
		start(t, waitThere(s, done, g))
	}
	g.wait(t, waiters)
	s.ReleaseN(waiters)
	within(t, 5*time.Second, "all go on", func() {
		for range waiters {
			done.Acquire()
		}
	})
	if s.Value() != 0 {
		t.Errorf("%d left", s.Value())
	}
}

// A waiter that is killed after it was woken, and before it has run, has taken the wake-up along. The other gets the permit.
func TestKilledWaiterEatsNothing(t *testing.T) {
	for range 5 {
		s, done, g := mp.NewSemaphore(0), mp.NewSemaphore(0), newGate()
		first := start(t, waitThere(s, done, g))
		g.wait(t, 1)
		if err := first.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		start(t, waitThere(s, done, g))
		g.wait(t, 2)
		s.Release()
		if err := first.Kill(); err != nil {
			t.Fatal(err)
		}
		within(t, 5*time.Second, "the other gets it", done.Acquire)
	}
}

// A semaphore has no owners, and its documentation says so: what the dead had acquired is gone.
func TestSemaphoreOfADeadProcessIsGone(t *testing.T) {
	s, g := mp.NewSemaphore(2), newGate()
	p := start(t, exhaust(s, g))
	g.wait(t, 1)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
	if s.TryAcquire() || s.Value() != 0 {
		t.Error("a permit has come back, and nobody can know whose it was")
	}
}

// A stopped process that was woken keeps the wake-up; the others find the permit at the next tick.
func TestStoppedWaiterHoldsNobodyUp(t *testing.T) {
	s, done, g := mp.NewSemaphore(0), mp.NewSemaphore(0), newGate()
	first := start(t, waitThere(s, done, g))
	g.wait(t, 1)
	if err := first.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	start(t, waitThere(s, done, g))
	g.wait(t, 2)
	s.Release()
	within(t, 5*time.Second, "the other gets it", done.Acquire)
}

func TestSemaphoreMisuse(t *testing.T) {
	for name, f := range map[string]func(){
		"negative":        func() { mp.NewSemaphore(-1) },
		"bounded, beyond": func() { mp.NewBoundedSemaphore(1 << 22) },
	} {
		func() {
			defer func() {
				if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "a semaphore is made with") {
					t.Errorf("%s: %v", name, err)
				}
			}()
			f()
		}()
	}
	var s mp.Semaphore
	if _, err := s.MarshalBinary(); err == nil {
		t.Error("a zero handle travels")
	}
	b, err := mp.NewSemaphore(1).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if err := new(mp.BoundedSemaphore).UnmarshalBinary(b); err == nil || errors.Is(err, context.Canceled) {
		t.Error("a Semaphore was taken for a BoundedSemaphore")
	}
}
