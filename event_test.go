//go:build linux

package mp_test

import (
	"context"
	"errors"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
)

func TestEvent(t *testing.T) {
	conform.Event(t, func(*testing.T) conform.Eventer { return mp.NewEvent() })
}

var (
	waitFor = mp.Proc2(func(ctx context.Context, e *mp.Event, g gate) error {
		g.pass()
		return e.WaitContext(ctx)
	})
	setIt = mp.Proc(func(_ context.Context, e *mp.Event) error {
		e.Set()
		return nil
	})
	setAgain = mp.Proc2(func(ctx context.Context, e *mp.Event, rounds int) error {
		for range rounds {
			e.Set()
			e.Clear()
			runtime.Gosched()
		}
		e.Set()
		return nil
	})
	// answer waits for one event and sets the other, rounds times.
	answer = mp.Proc3(func(ctx context.Context, asked, answered *mp.Event, rounds int) error {
		for range rounds {
			if err := asked.WaitContext(ctx); err != nil {
				return err
			}
			asked.Clear()
			answered.Set()
		}
		return nil
	})
)

func TestEventBetweenProcesses(t *testing.T) {
	e, g := mp.NewEvent(mp.Name("ready")), newGate()
	var waiters mp.Group
	for range 3 {
		waiters.Start(context.Background(), waitFor(e, g))
	}
	g.wait(t, 3)
	if err := start(t, setIt(e)).Join(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "all wake", func() {
		if err := waiters.Join(); err != nil {
			t.Error(err)
		}
	})
	if !e.IsSet() {
		t.Error("the event was not set by another process")
	}
}

func TestEventsBackAndForth(t *testing.T) {
	const rounds = 2000
	asked, answered := mp.NewEvent(), mp.NewEvent()
	p := start(t, answer(asked, answered, rounds))
	within(t, 20*time.Second, "the rounds", func() {
		for range rounds {
			asked.Set()
			answered.Wait()
			answered.Clear()
		}
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	})
}

func TestEventPulsesOfAnotherProcess(t *testing.T) {
	e := mp.NewEvent()
	p := start(t, setAgain(e, 1000))
	within(t, 20*time.Second, "the waits", func() {
		for p.Alive() {
			e.Wait() // the last Set stays
		}
	})
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

// A stopped or killed waiter is nothing to Set, nor to the other waiters.
func TestSetWaitsForNobody(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} {
		e, g := mp.NewEvent(), newGate()
		var waiters []*mp.Process
		for range 3 {
			waiters = append(waiters, start(t, waitFor(e, g)))
		}
		g.wait(t, 3)
		for _, p := range waiters[:2] {
			if err := p.Signal(sig); err != nil {
				t.Fatal(err)
			}
		}
		within(t, time.Second, "Set after "+sig.String(), e.Set)
		within(t, 5*time.Second, "the other waiter", func() {
			if err := waiters[2].Join(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEventWaitEndsWithItsContext(t *testing.T) {
	e, g := mp.NewEvent(), newGate()
	p := start(t, waitFor(e, g))
	g.wait(t, 1)
	if err := p.Interrupt(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the interrupted wait", func() {
		if err := p.Join(); err == nil || errors.As(err, new(*mp.ExitError)) {
			t.Errorf("got %v, expected the function's own error", err)
		}
	})
	if e.IsSet() {
		t.Error("a cancelled wait has set the event")
	}
}

func BenchmarkEventWaitSet(b *testing.B) {
	e := mp.NewEvent()
	e.Set()
	for range b.N {
		e.Wait()
	}
}
