//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
	"github.com/multiproc/mp/internal/conform"
)

func TestBarrier(t *testing.T) {
	conform.Barrier(t, conform.Barriers{
		New: func(_ *testing.T, parties int, _ func()) conform.Barrierer { return mp.NewBarrier(parties) },
		Why: func(err error) uint32 {
			if broken, ok := errors.AsType[*mp.BrokenBarrierError](err); ok {
				return uint32(broken.Reason)
			}
			return 0
		},
	})
}

var (
	// lockstep passes a barrier as CPython's multipass does, and returns the sum of its numbers.
	lockstep = mp.Func3(func(ctx context.Context, b *mp.Barrier, sides [2]*mp.Value[int], passes int) (int, error) {
		sum, m := 0, b.Parties()
		for i := range passes {
			mp.Add(sides[0], 1)
			if n := sides[1].Load(); n != i*m {
				return 0, errors.New("somebody went on too early")
			}
			n, err := b.WaitContext(ctx)
			if err != nil {
				return 0, err
			}
			sum += n
			mp.Add(sides[1], 1)
			if n := sides[0].Load(); n != (i+1)*m {
				return 0, errors.New("we went on too early")
			}
			if _, err := b.WaitContext(ctx); err != nil {
				return 0, err
			}
		}
		return sum, nil
	})
	// comeTo waits at the barrier; what it got is its result.
	comeTo = mp.Func2(func(ctx context.Context, b *mp.Barrier, turns int) (broken, error) {
		for range turns {
			if _, err := b.WaitContext(ctx); err != nil {
				return brokenOf(err)
			}
		}
		return broken{}, nil
	})
	// endAfter waits, and ends in the way that it is told.
	endAfter = mp.Proc3(func(ctx context.Context, b *mp.Barrier, turns int, how string) error {
		for range turns {
			if _, err := b.WaitContext(ctx); err != nil {
				return err
			}
		}
		switch how {
		case "killed":
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		case "panic":
			panic("a party")
		case "error":
			return errors.New("a party's")
		case "exit":
			os.Exit(3)
		case "left and killed":
			b.Leave()
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		case "waits and ends":
			go func() { _, _ = b.Wait() }()
			for b.Waiting() < b.Parties()-1 {
				runtime.Gosched()
			}
		}
		runtime.KeepAlive(b)
		return nil
	})
	countAction = mp.Proc(func(_ context.Context, v *mp.Value[int]) error { mp.Add(v, 1); return nil })
	failAction  = mp.Proc(func(_ context.Context, how string) error {
		if how == "killed" {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		if how == "panic" {
			panic("the action")
		}
		return errOdd
	})
)

// broken is a BrokenBarrierError without what cannot travel.
type broken struct {
	Reason  uint32
	Party   string
	PID     int
	Barrier string
}

func brokenOf(err error) (broken, error) {
	e, ok := errors.AsType[*mp.BrokenBarrierError](err)
	if !ok {
		return broken{}, err
	}
	return broken{uint32(e.Reason), e.Party, e.PID, e.Barrier}, nil
}

func TestBarrierBetweenProcesses(t *testing.T) {
	const parties, passes = 4, 300
	b, sides := mp.NewBarrier(parties), [2]*mp.Value[int]{mp.NewValue(0), mp.NewValue(0)}
	sums := make(chan int, parties)
	for range parties {
		go func() {
			sum, err := mp.Run(context.Background(), lockstep(b, sides, passes))
			if err != nil {
				t.Error(err)
				b.Abort()
			}
			sums <- sum
		}()
	}
	total := 0
	within(t, 60*time.Second, "the turns", func() {
		for range parties {
			total += <-sums
		}
	})
	if want := passes * parties * (parties - 1) / 2; total != want {
		t.Errorf("the numbers add up to %d, expected %d", total, want)
	}
	if b.Waiting() != 0 || b.Broken() {
		t.Errorf("%d waiting, broken %v", b.Waiting(), b.Broken())
	}
}

func TestBarrierAction(t *testing.T) {
	v := mp.NewValue(0)
	b := mp.NewBarrier(3, mp.Action(countAction(v)))
	v2 := v
	v = nil // the barrier holds it
	runtime.GC()
	var g mp.Group
	for range 2 {
		g.Start(context.Background(), comeTo(b, 10))
	}
	for i := range 10 {
		if _, err := b.Wait(); err != nil {
			t.Fatal(err)
		}
		if n := v2.Load(); n < i+1 {
			t.Errorf("turn %d: %d actions", i, n)
		}
	}
	if err := g.Join(); err != nil {
		t.Error(err)
	}
	if n := v2.Load(); n != 10 {
		t.Errorf("%d actions in 10 turns", n)
	}
}

func TestBarrierActionThatFails(t *testing.T) {
	for how, reason := range map[string]mp.BreakReason{"error": mp.BarrierAction, "panic": mp.BarrierAction, "killed": mp.BarrierDeath} {
		t.Run(how, func(t *testing.T) {
			b := mp.NewBarrier(2, mp.Action(failAction(how)))
			first := make(chan error)
			go func() { _, err := b.Wait(); first <- err }()
			for b.Waiting() == 0 {
				runtime.Gosched()
			}
			p := startProcess(t, &mp.Process{Target: comeTo(b, 1), Name: "last"})
			within(t, 10*time.Second, "the first", func() {
				e, ok := errors.AsType[*mp.BrokenBarrierError](<-first)
				if !ok || e.Reason != reason || e.Party != "last" || e.PID != p.PID() {
					t.Errorf("got %v", e)
				}
			})
			_ = p.Join()
		})
	}
	b := mp.NewBarrier(1, mp.Action(failAction("error")))
	_, err := b.Wait()
	if e, ok := errors.AsType[*mp.BrokenBarrierError](err); !ok || e.Reason != mp.BarrierAction || !errors.Is(err, errOdd) {
		t.Errorf("who runs the action should be told its error, got %v", err)
	}
}

// comeAndForget waits once, drops its handle and stays.
var comeAndForget = mp.Proc2(func(ctx context.Context, b *mp.Barrier, g gate) error {
	if _, err := b.WaitContext(ctx); err != nil {
		return err
	}
	g.pass()
	for ctx.Err() == nil {
		runtime.GC()
	}
	return nil
})

// A process that has dropped its last handle cannot come any more: its death says nothing.
func TestBarrierForgetsWhoHasDroppedIt(t *testing.T) {
	name := fmt.Sprint("dropped ", time.Now().UnixNano()) // another run's may be there yet
	b, g := mp.NewBarrier(1, mp.Name(name)), newGate()
	look, err := inspect.Open(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, comeAndForget(b, g))
	g.wait(t, 1)
	within(t, 20*time.Second, "the child drops its handle", func() {
		for party := true; party; runtime.Gosched() {
			s, err := look.Snapshot()
			if err != nil {
				t.Error(err)
				return
			}
			i := slices.IndexFunc(s.Objects, func(o inspect.Object) bool { return o.Name == name })
			party = slices.ContainsFunc(s.Objects[i].Barrier.Members, func(m inspect.Member) bool { return m.PID == p.PID() })
		}
	})
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
	if _, err := b.Wait(); err != nil {
		t.Errorf("it had dropped the barrier: %v", err)
	}
	runtime.KeepAlive(b)
}

// Nor does the end of a stranger in the slot of one that was a party.
func TestBarrierForgetsWhoHasEnded(t *testing.T) {
	b := mp.NewBarrier(1)
	for range 5 {
		p := start(t, endAfter(b, 1, "well"))
		if err := p.Join(); err != nil {
			t.Fatal(err)
		}
		stranger := start(t, behave("term"))
		if stranger.Join() == nil {
			t.Fatal("it was to die")
		}
		if b.Broken() {
			t.Fatal("broken by a process that has never seen it")
		}
	}
}

func TestBarrierOfAZeroHandle(t *testing.T) {
	if err := (&mp.Process{Target: comeTo(new(mp.Barrier), 1)}).Start(context.Background()); err == nil {
		t.Error("a zero Barrier has travelled")
	}
}

func BenchmarkBarrierAlone(b *testing.B) {
	bar := mp.NewBarrier(1)
	for range b.N {
		_, _ = bar.Wait()
	}
}
