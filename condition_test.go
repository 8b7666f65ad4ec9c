//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
)

func TestCondition(t *testing.T) {
	t.Run("own lock", func(t *testing.T) {
		conform.Condition(t, func(*testing.T) conform.Waiter { return mp.NewCondition(nil) })
	})
	t.Run("a lock given", func(t *testing.T) {
		l := mp.NewLock()
		conform.Condition(t, func(*testing.T) conform.Waiter { return mp.NewCondition(l) })
	})
	t.Run("as a lock", func(t *testing.T) {
		conform.Lock(t, func(*testing.T) conform.Locker { return mp.NewCondition(nil) })
	})
}

// sleepers is the f of Python's _TestCondition: processes and goroutines that wait once.
type sleepers struct {
	C     *mp.Condition
	Count *mp.RawValue[counts] // under C
}

type counts struct{ Asleep, Woken, Gone int }

func (s sleepers) once(ctx context.Context) error {
	s.C.Lock()
	n := s.Count.Ptr()
	n.Asleep++
	err := s.C.WaitContext(ctx)
	if err == nil {
		n.Woken++
	} else {
		n.Gone++
	}
	s.C.Unlock()
	return err
}

var (
	sleepOnce = mp.Proc2(func(ctx context.Context, s sleepers, patience time.Duration) error {
		if patience == 0 {
			return s.once(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := s.once(ctx); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("a wait that nobody ended: %v", err)
		}
		return nil
	})
	// sleepMany waits in n goroutines, and dies if told to.
	sleepMany = mp.Proc2(func(ctx context.Context, s sleepers, n int) error {
		done := make(chan error)
		for range n {
			go func() { done <- s.once(ctx) }()
		}
		for range n {
			if err := <-done; err != nil {
				return err
			}
		}
		return nil
	})
	waitForFour = mp.Proc2(func(ctx context.Context, c *mp.Condition, state *mp.RawValue[int]) error {
		c.Lock()
		defer c.Unlock()
		state.Store(0)
		c.Notify(1)
		return c.WaitForContext(ctx, func() bool { return state.Load() == 4 })
	})
	notifyUnlocked = mp.Proc(func(_ context.Context, c *mp.Condition) error {
		c.Notify(1)
		return nil
	})
	holdCondition = mp.Proc2(func(_ context.Context, c *mp.Condition, g gate) error {
		c.Lock()
		g.pass()
		select {}
	})
)

func newSleepers(opts ...mp.Option) sleepers {
	return sleepers{mp.NewCondition(nil, opts...), mp.NewRawValue(counts{})}
}

// reach waits until the counts are as they should be; it looks at them under the lock.
func (s sleepers) reach(t *testing.T, what string, ok func(n counts) bool) {
	t.Helper()
	for begin := time.Now(); ; runtime.Gosched() {
		s.C.Lock()
		n := *s.Count.Ptr()
		s.C.Unlock()
		if ok(n) {
			return
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("%s: %+v", what, n)
		}
	}
}

// stays fails if somebody more is woken.
func (s sleepers) stays(t *testing.T, woken int) {
	t.Helper()
	<-time.After(5 * time.Millisecond)
	s.reach(t, "woken", func(n counts) bool {
		if n.Woken != woken {
			t.Fatalf("%d woken, expected %d", n.Woken, woken)
		}
		return true
	})
}

func (s sleepers) notify(n int) {
	s.C.Lock()
	s.C.Notify(n)
	s.C.Unlock()
}

func (s sleepers) start(t *testing.T, each int, patience time.Duration) *mp.Group {
	t.Helper()
	var g mp.Group
	s.reach(t, "before", func(n counts) bool {
		for range each {
			g.Start(t.Context(), sleepOnce(s, patience))
			go sleepOnce(s, patience).Here(t.Context())
		}
		each = n.Asleep + 2*each
		return true
	})
	s.reach(t, "all asleep", func(n counts) bool { return n.Asleep == each })
	return &g
}

// _TestCondition.test_notify, test_notify_n and test_notify_all: three processes, three goroutines.
func TestConditionBetweenProcesses(t *testing.T) {
	s := newSleepers()
	leave := s.start(t, 3, 20*time.Millisecond)
	s.reach(t, "all gone", func(n counts) bool { return n.Gone == 6 })
	s.notify(6)
	g := s.start(t, 3, 0)
	s.stays(t, 0)
	total := 0
	for _, n := range []int{1, 2, 3} {
		s.notify(n)
		total += n
		s.reach(t, "woken", func(n counts) bool { return n.Woken == total })
		s.stays(t, total)
	}
	s.notify(3) // nobody
	g2 := s.start(t, 3, 0)
	s.stays(t, 6)
	s.C.Lock()
	s.C.NotifyAll()
	s.C.Unlock()
	s.reach(t, "all woken", func(n counts) bool { return n.Woken == 12 })
	for _, g := range []*mp.Group{leave, g, g2} {
		if err := g.Join(); err != nil {
			t.Error(err)
		}
	}
}

// _TestCondition.test_waitfor.
func TestConditionWaitForBetweenProcesses(t *testing.T) {
	c, state := mp.NewCondition(mp.NewLock()), mp.NewRawValue(-1)
	p := start(t, waitForFour(c, state))
	c.Lock()
	c.WaitFor(func() bool { return state.Load() == 0 })
	c.Unlock()
	for range 4 {
		c.Lock()
		state.Store(state.Load() + 1)
		c.Notify(1)
		c.Unlock()
	}
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

func TestConditionOfAnotherProcessesLock(t *testing.T) {
	c := mp.NewCondition(nil)
	c.Lock()
	defer c.Unlock()
	err := start(t, notifyUnlocked(c)).Join()
	if e, ok := errors.AsType[*mp.PanicError](err); !ok || !strings.Contains(e.Error(), "does not hold") {
		t.Errorf("got %v", err)
	}
}

func TestConditionMisuse(t *testing.T) {
	for name, f := range map[string]func(){
		"zero lock":         func() { mp.NewCondition(new(mp.Lock)) },
		"Release of a lock": func() { mp.NewCondition(mp.NewLock(), mp.Release) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
	if _, err := new(mp.Condition).MarshalBinary(); err == nil {
		t.Error("a zero Condition travels")
	}
}

// What the waiters of a killed process were woken for goes to others, whether it was woken or not.
func TestConditionGrantsOfAKilledProcessGoOn(t *testing.T) {
	s := newSleepers()
	p := start(t, sleepMany(s, 5))
	s.reach(t, "the child's asleep", func(n counts) bool { return n.Asleep == 5 })
	for range 3 {
		go s.once(t.Context())
	}
	s.reach(t, "all asleep", func(n counts) bool { return n.Asleep == 8 })
	s.C.Lock()
	s.C.Notify(4) // two each, and nobody can take the lock to act on it
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Join(); err == nil {
		t.Fatal("not killed")
	}
	s.C.Unlock()
	s.reach(t, "all woken", func(n counts) bool { return n.Woken == 3 })
	s.notify(8) // to nobody: what the dead waited for is gone with it
	go s.once(t.Context())
	s.reach(t, "asleep", func(n counts) bool { return n.Asleep == 9 })
	s.stays(t, 3)
	s.notify(1)
	s.reach(t, "woken", func(n counts) bool { return n.Woken == 4 })
}

// A holder's death ends all waits: nobody knows what it was about to say.
func TestConditionHoldersDeathEndsAllWaits(t *testing.T) {
	for _, opts := range [][]mp.Option{{mp.Name("the condition")}, {mp.Release}} {
		s, g := newSleepers(opts...), newGate()
		told := make(chan error)
		for range 4 {
			go func() {
				s.C.Lock()
				s.Count.Ptr().Asleep++
				err := s.C.WaitContext(t.Context())
				if err == nil {
					s.C.Unlock()
				}
				told <- err
			}()
		}
		s.reach(t, "all asleep", func(n counts) bool { return n.Asleep == 4 })
		p := start(t, holdCondition(s.C, g))
		g.wait(t, 1)
		if err := p.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		within(t, 5*time.Second, "all are told", func() {
			for range 4 {
				err := <-told
				died, ok := errors.AsType[*mp.OwnerDiedError](err)
				if opts[0] == mp.Release {
					if err != nil {
						t.Errorf("with Release: %v", err)
					}
				} else if !ok || died.Object != "the condition" || died.PID != p.PID() {
					t.Errorf("got %v", err)
				}
			}
		})
		mended := 0
		if err := s.C.Recover(t.Context(), func(*mp.OwnerDiedError) error { mended++; return nil }); err != nil {
			t.Fatal(err)
		}
		s.C.Unlock()
		if _, n := s.C.LastDeath(); n != 1 || (mended == 1) == (opts[0] == mp.Release) {
			t.Errorf("%d deaths, %d mended", n, mended)
		}
		go s.once(t.Context()) // and all is as ever
		s.reach(t, "asleep", func(n counts) bool { return n.Asleep == 5 })
		s.stays(t, 0)
		s.notify(1)
		s.reach(t, "woken", func(n counts) bool { return n.Woken == 1 })
	}
}

// So does the death of a holder who knows the lock alone, and nothing of its conditions.
func TestConditionOverALockWhoseHolderDies(t *testing.T) {
	l, g := mp.NewLock(), newGate()
	a, b := mp.NewCondition(l), mp.NewCondition(l)
	told := make(chan error)
	for _, c := range []*mp.Condition{a, b} {
		l.Lock()
		go func() {
			l.Lock()
			g.pass()
			told <- c.WaitContext(t.Context())
		}()
		l.Unlock()
	}
	g.wait(t, 2)
	has := newGate()
	p := start(t, holdLock(l, has))
	has.wait(t, 1)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "both are told", func() {
		for range 2 {
			if _, ok := errors.AsType[*mp.OwnerDiedError](<-told); !ok {
				t.Error("a wait ended with the lock, or with another error")
			}
		}
	})
}

// A mend that fails leaves the lock abandoned again, and ends the waits that began in it.
func TestConditionFailedMend(t *testing.T) {
	c, g := mp.NewCondition(nil), newGate()
	p := start(t, holdCondition(c, g))
	g.wait(t, 1)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
	told, failure := make(chan error), errors.New("cannot be mended")
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Recover(t.Context(), func(*mp.OwnerDiedError) error {
		go func() {
			c.Lock()
			cancel()
			told <- c.WaitContext(t.Context())
		}()
		if err := c.WaitContext(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a wait in a mend: %v", err)
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "told", func() {
		if _, ok := errors.AsType[*mp.OwnerDiedError](<-told); !ok {
			t.Error("not told")
		}
	})
}
