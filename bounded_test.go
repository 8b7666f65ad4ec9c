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

func TestBoundedSemaphore(t *testing.T) {
	conform.BoundedSemaphore(t, func(_ *testing.T, n int) conform.Permits { return mp.NewBoundedSemaphore(n) })
}

var (
	borrow = mp.Proc3(func(ctx context.Context, s *mp.BoundedSemaphore, inside *mp.Value[room], rounds int) error {
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
	// keep takes n permits and never returns them.
	keep = mp.Proc3(func(_ context.Context, s *mp.BoundedSemaphore, n int, g gate) error {
		for range n {
			s.Acquire()
		}
		g.pass()
		select {}
	})
	exitWith = mp.Proc2(func(_ context.Context, s *mp.BoundedSemaphore, n int) error {
		for range n {
			s.Acquire()
		}
		return nil
	})
	releaseHere = mp.Proc2(func(_ context.Context, s *mp.BoundedSemaphore, n int) error {
		s.ReleaseN(n)
		return nil
	})
	// dropKeeping holds a permit, and no handle any more.
	dropKeeping = mp.Proc2(func(_ context.Context, s *mp.BoundedSemaphore, g gate) error {
		s.Acquire()
		s = nil
		for range 3 {
			runtime.GC()
		}
		g.pass()
		select {}
	})
)

func TestBoundedSemaphoreBetweenProcesses(t *testing.T) {
	const processes, rounds, permits = 5, 400, 3
	s, inside := mp.NewBoundedSemaphore(permits), mp.NewValue(room{})
	var g mp.Group
	for range processes {
		g.Start(context.Background(), borrow(s, inside, rounds))
	}
	if err := g.Join(); err != nil {
		t.Fatal(err)
	}
	if r := inside.Load(); r.Now != 0 || r.Most > permits || s.Value() != permits {
		t.Errorf("%+v, %d permits left", r, s.Value())
	}
}

// Python hangs for ever here: the permits of a killed process are lost.
func TestPermitsOfADeadProcessReturn(t *testing.T) {
	for _, c := range []struct {
		name string
		ours int // permits that this process takes after the other: its account is then the one in the word
		end  func(p *mp.Process) error
	}{
		{"killed", 0, (*mp.Process).Kill},
		{"killed, another's account in the word", 1, (*mp.Process).Kill},
		{"terminated", 1, (*mp.Process).Terminate},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, g := mp.NewBoundedSemaphore(4), newGate()
			p := start(t, keep(s, 3, g))
			g.wait(t, 1)
			for range c.ours {
				s.Acquire()
			}
			if err := c.end(p); err != nil {
				t.Fatal(err)
			}
			_ = p.Join()
			within(t, 5*time.Second, "the permits return", func() {
				for range 4 - c.ours {
					s.Acquire()
				}
			})
			if s.TryAcquire() {
				t.Error("a permit too many has returned")
			}
			s.ReleaseN(4)
			if s.Value() != 4 {
				t.Errorf("%d left", s.Value())
			}
		})
	}
}

func TestPermitsOfAnExitedProcessReturn(t *testing.T) {
	s := mp.NewBoundedSemaphore(2)
	if err := start(t, exitWith(s, 2)).Join(); err != nil {
		t.Fatal(err)
	}
	returned := 0
	for s.TryAcquire() {
		returned++
	}
	if returned != 2 {
		t.Errorf("%d of 2 permits have returned", returned)
	}
}

// Whoever sleeps is woken by what the dead gives back.
func TestWaiterGetsThePermitOfTheDead(t *testing.T) {
	s, g := mp.NewBoundedSemaphore(1), newGate()
	p := start(t, keep(s, 1, g))
	g.wait(t, 1)
	got := make(chan struct{})
	go func() { s.Acquire(); close(got) }()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the waiter gets it", func() { <-got })
}

// A process that has dropped its handle still holds the permit, and its death still returns it.
func TestPermitOutlivesTheHandle(t *testing.T) {
	s, g := mp.NewBoundedSemaphore(1), newGate()
	p := start(t, dropKeeping(s, g))
	g.wait(t, 1)
	if s.TryAcquire() {
		t.Fatal("a permit was taken that another process holds")
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the permit returns", s.Acquire)
}

func TestReleaseByAnotherProcessPanicsThere(t *testing.T) {
	s, g := mp.NewBoundedSemaphore(3), newGate()
	start(t, keep(s, 1, g))
	g.wait(t, 1)
	s.Acquire()
	for _, c := range []struct {
		n    int
		want string
	}{{1, "does not hold"}, {3, "more often than"}} {
		err := start(t, releaseHere(s, c.n)).Join()
		if e, ok := errors.AsType[*mp.PanicError](err); !ok || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%d permits: %v", c.n, err)
		}
	}
	if s.Value() != 1 {
		t.Errorf("%d left", s.Value())
	}
}

// A stopped process is not dead: its permit stays its own.
func TestPermitOfAStoppedProcessIsHeld(t *testing.T) {
	s, g := mp.NewBoundedSemaphore(1), newGate()
	p := start(t, keep(s, 1, g))
	g.wait(t, 1)
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := s.AcquireContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// The heap data that permits order is in order, and the race detector is told so.
func TestSemaphoresOrderHeapDataForTheRaceDetector(t *testing.T) {
	for name, s := range map[string]conform.Permits{"Semaphore": mp.NewSemaphore(1), "BoundedSemaphore": mp.NewBoundedSemaphore(1)} {
		n := 0
		done := make(chan struct{})
		for range 4 {
			go func() {
				for range 100 {
					s.Acquire()
					n++
					s.Release()
					runtime.Gosched()
				}
				done <- struct{}{}
			}()
		}
		for range 4 {
			<-done
		}
		if n != 400 {
			t.Errorf("%s: counted %d", name, n)
		}
	}
}
