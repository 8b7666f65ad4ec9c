//go:build linux

package mp_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// What one process does to a barrier is told to those of other processes that wait at it, and a reset makes it one that all
// can pass, as test_abort, test_reset and test_abort_and_reset have it.
func TestBarrierBrokenForOtherProcesses(t *testing.T) {
	for _, c := range []struct {
		name   string
		do     func(*mp.Barrier)
		reason mp.BreakReason
		broken bool // it stays so
	}{
		{"abort", (*mp.Barrier).Abort, mp.BarrierAborted, true},
		{"reset", (*mp.Barrier).Reset, mp.BarrierReset, false},
		{"abort and reset", func(b *mp.Barrier) { b.Abort(); b.Reset() }, mp.BarrierAborted, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			const others = 3
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			b, told := mp.NewBarrier(others+1, mp.Name("gate")), make(chan broken, others)
			come := func() {
				for range others {
					go func() {
						got, err := mp.Run(ctx, comeTo(b, 1))
						if err != nil {
							t.Error(err)
						}
						told <- got
					}()
				}
				for b.Waiting() < others && ctx.Err() == nil {
					runtime.Gosched()
				}
			}
			come()
			c.do(b)
			for range others {
				if got, want := <-told, (broken{uint32(c.reason), mp.CurrentProcess().Name, os.Getpid(), "gate"}); got != want {
					t.Errorf("got %+v, expected %+v", got, want)
				}
			}
			if b.Broken() != c.broken || b.Waiting() != 0 {
				t.Errorf("broken: %v, %d waiting", b.Broken(), b.Waiting())
			}
			b.Reset()
			come()
			if _, err := b.WaitContext(ctx); err != nil {
				t.Error(err)
			}
			for range others {
				if got := <-told; got != (broken{}) {
					t.Errorf("after a reset: %+v", got)
				}
			}
		})
	}
}

func TestBarrierBreaksWhenAPartyDies(t *testing.T) {
	for _, c := range []struct {
		how    string
		turns  int // it takes part in these first
		breaks bool
	}{
		{"killed", 1, true}, {"panic", 1, true}, {"error", 1, true}, {"exit", 1, true}, {"waits and ends", 0, true},
		{"killed", 0, true}, // it was given the barrier when it was started
		{"well", 1, false}, {"well", 0, false}, {"left and killed", 1, false},
	} {
		t.Run(c.how, func(t *testing.T) {
			parties := 3
			if c.how == "waits and ends" {
				parties = 4 // one of them never comes
			}
			b := mp.NewBarrier(parties, mp.Name("gate"))
			p := startProcess(t, &mp.Process{Target: endAfter(b, c.turns, c.how), Name: "party"})
			told := make(chan broken, 2)
			for range 2 {
				go func() {
					got, err := mp.Run(context.Background(), comeTo(b, c.turns+1))
					if err != nil {
						t.Error(err)
					}
					told <- got
				}()
			}
			_ = p.Join()
			if !c.breaks {
				for b.Waiting() < 2 { // they wait on, and we are the third
					runtime.Gosched()
				}
				if _, err := b.Wait(); err != nil {
					t.Error(err)
				}
			}
			within(t, 10*time.Second, "the others", func() {
				for range 2 {
					got, want := <-told, broken{}
					if c.breaks {
						want = broken{uint32(mp.BarrierDeath), "party", p.PID(), "gate"}
					}
					if got != want {
						t.Errorf("got %+v, expected %+v", got, want)
					}
				}
			})
			if b.Broken() != c.breaks {
				t.Errorf("broken: %v", b.Broken())
			}
			b.Reset()
			if b.Broken() || b.Waiting() != 0 {
				t.Error("a reset did not mend it")
			}
		})
	}
}

// snare is an argument that a child never gets open: it sets the event, and stays there.
type snare struct{ reached *mp.Event }

func (s snare) MarshalBinary() ([]byte, error) { return s.reached.MarshalBinary() }

func (s *snare) UnmarshalBinary(b []byte) error {
	s.reached = new(mp.Event)
	if err := s.reached.UnmarshalBinary(b); err != nil {
		return err
	}
	s.reached.Set()
	select {}
}

var neverBegins = mp.Proc2(func(context.Context, snare, *mp.Barrier) error { return nil })

// A child that dies before it has opened the barrier among its arguments was a party all the same.
func TestBarrierBreaksWhenAPartyNeverComes(t *testing.T) {
	b, reached := mp.NewBarrier(2), mp.NewEvent()
	first := make(chan error)
	go func() { _, err := b.Wait(); first <- err }()
	p := startProcess(t, &mp.Process{Target: neverBegins(snare{reached}, b), Name: "stillborn"})
	within(t, 5*time.Second, "the child opens its arguments", reached.Wait)
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the wait for a stillborn party", func() {
		err := <-first
		e, ok := errors.AsType[*mp.BrokenBarrierError](err)
		if !ok || e.Reason != mp.BarrierDeath || e.Party != "stillborn" || e.PID != p.PID() {
			t.Errorf("got %v", err)
		}
	})
	if p.Join() == nil {
		t.Error("it was not killed")
	}
}

func TestBarrierTimeoutIsToldToOtherProcesses(t *testing.T) {
	b := mp.NewBarrier(3)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	told := make(chan broken)
	go func() {
		got, err := mp.Run(ctx, comeTo(b, 1))
		if err != nil {
			t.Error(err)
		}
		told <- got
	}()
	for b.Waiting() == 0 {
		runtime.Gosched()
	}
	short, stop := context.WithTimeout(ctx, time.Millisecond)
	defer stop()
	if _, err := b.WaitContext(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got := <-told; got.Reason != uint32(mp.BarrierCancelled) || got.PID != os.Getpid() {
		t.Errorf("got %+v", got)
	}
}

// A child may be dead and swept before its parent has come to make it a party.
func TestBarrierBreaksWhenAPartyWasNeverSeen(t *testing.T) {
	b := mp.NewBarrier(2)
	if err := mp.EnrollTheDead(b, "ghost", 12345); err != nil {
		t.Fatal(err)
	}
	_, err := b.Wait()
	if e, ok := errors.AsType[*mp.BrokenBarrierError](err); !ok || e.Reason != mp.BarrierDeath || e.Party != "ghost" || e.PID != 12345 {
		t.Errorf("got %v", err)
	}
}
