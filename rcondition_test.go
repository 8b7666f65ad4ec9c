//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
	"github.com/multiproc/mp/threading"
)

func TestRCondition(t *testing.T) {
	t.Run("own lock", func(t *testing.T) {
		conform.RCondition(t, func(*testing.T) conform.RWaiter[*mp.Holder, *mp.Condition] { return mp.NewRCondition(nil) })
	})
	t.Run("a lock given", func(t *testing.T) {
		l := mp.NewRLock()
		conform.Condition(t, func(*testing.T) conform.Waiter { return conform.Nested(mp.NewRCondition(l), 2) })
	})
}

// nappers are processes and goroutines that wait once, each at its own number of levels.
type nappers struct {
	C     *mp.RCondition
	Count *mp.RawValue[counts] // under C
}

func newNappers(l *mp.RLock, opts ...mp.Option) nappers {
	return nappers{mp.NewRCondition(l, opts...), mp.NewRawValue(counts{})}
}

// once waits some levels deep. A wait must end at the same level, or at none if the lock is lost.
func (s nappers) once(ctx context.Context, levels int) error {
	h := s.C.Holder()
	c := s.C.By(h)
	for range levels {
		c.Lock()
	}
	s.Count.Ptr().Asleep++
	err := c.WaitContext(ctx)
	if _, died := errors.AsType[*mp.OwnerDiedError](err); died {
		levels = 0
	} else {
		s.Count.Ptr().Woken++
	}
	if h.Depth() != levels {
		return fmt.Errorf("at level %d after the wait, expected %d: %w", h.Depth(), levels, err)
	}
	for range levels {
		c.Unlock()
	}
	return err
}

var (
	napOnce      = mp.Proc2(func(ctx context.Context, s nappers, levels int) error { return s.once(ctx, levels) })
	holdRNotHers = mp.Proc2(func(_ context.Context, s nappers, g gate) error {
		h := s.C.Holder()
		h.Lock()
		h.Lock()
		g.pass()
		select {}
	})
	notifyAsAnother = mp.Proc(func(_ context.Context, c *mp.RCondition) error {
		c.By(c.Holder()).Notify(1)
		return nil
	})
)

// counted gives the counts, of one moment.
func (s nappers) counted() counts {
	h := s.C.Holder()
	h.Lock()
	defer h.Unlock()
	return *s.Count.Ptr()
}

func (s nappers) reach(t *testing.T, what string, ok func(n counts) bool) {
	t.Helper()
	within(t, 10*time.Second, what, func() {
		for !ok(s.counted()) {
			runtime.Gosched()
		}
	})
}

func (s nappers) asleep(t *testing.T, n int) {
	t.Helper()
	s.reach(t, "asleep", func(is counts) bool { return is.Asleep == n })
}

func (s nappers) notify(n int) {
	c := s.C.By(s.C.Holder())
	c.Lock()
	c.Notify(n)
	c.Unlock()
}

// nap has goroutines wait, the first one level deep, the second two.
func (s nappers) nap(t *testing.T, n int) <-chan error {
	t.Helper()
	done, before := make(chan error, n), s.counted().Asleep
	for i := range n {
		go func() { done <- s.once(t.Context(), i+1) }()
	}
	s.asleep(t, before+n)
	return done
}

func TestRConditionBetweenProcesses(t *testing.T) {
	s := newNappers(nil, mp.Name("nested"))
	var g mp.Group
	for levels := range 3 {
		g.Start(t.Context(), napOnce(s, levels+1))
	}
	s.asleep(t, 3)
	mine := s.nap(t, 2)
	for n := 1; n <= 5; n++ {
		s.notify(1)
		s.reach(t, "woken", func(is counts) bool { return is.Woken == n })
	}
	if err := errors.Join(g.Join(), <-mine, <-mine); err != nil {
		t.Error(err)
	}
	h := s.C.Holder()
	h.Lock()
	defer h.Unlock()
	if err := start(t, notifyAsAnother(s.C)).Join(); err == nil {
		t.Error("a process that does not hold the lock notified")
	}
}

// A process that is killed while it waits does not hold the lock, and what it was woken for goes to another.
func TestRConditionKilledWaiter(t *testing.T) {
	s := newNappers(nil)
	p := start(t, napOnce(s, 2))
	s.asleep(t, 1)
	done := s.nap(t, 1)
	c := s.C.By(s.C.Holder())
	c.Lock()
	c.Lock()
	c.Notify(1) // the child's is the older wait, and it cannot have the lock to act on it
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
	c.Unlock()
	c.Unlock()
	within(t, 5*time.Second, "the other is woken", func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if died, n := c.LastDeath(); n != 0 {
		t.Errorf("a waiter has died with the lock: %v", died)
	}
}

// A holder's death ends all waits, whatever it knew of the condition: at no level if the lock is abandoned, at the
// old one if it is freed.
func TestRConditionHoldersDeathEndsAllWaits(t *testing.T) {
	for name, opts := range map[string][]mp.Option{"abandoned": nil, "Release": {mp.Release}} {
		t.Run(name, func(t *testing.T) {
			l, g := mp.NewRLock(opts...), newGate()
			s, other := newNappers(l), newNappers(l)
			first, second := s.nap(t, 3), other.nap(t, 2)
			p := start(t, holdRNotHers(s, g))
			g.wait(t, 1)
			if err := p.Kill(); err != nil {
				t.Fatal(err)
			}
			within(t, 5*time.Second, "all are told", func() {
				for i := range 5 {
					var err error
					if i < 3 {
						err = <-first
					} else {
						err = <-second
					}
					died, ok := errors.AsType[*mp.OwnerDiedError](err)
					if ok == (opts != nil) || ok && (died.PID != p.PID() || died.Panicked) {
						t.Errorf("got %v", err)
					}
				}
			})
			c := s.C.By(s.C.Holder())
			if err := c.Recover(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			c.Unlock()
			if _, n := c.LastDeath(); n != 1 {
				t.Errorf("%d deaths", n)
			}
			again := s.nap(t, 1) // and all is as ever
			s.notify(1)
			if err := <-again; err != nil {
				t.Error(err)
			}
		})
	}
}

func tears(h *mp.Holder) {
	defer func() { _ = recover() }()
	h.With(func() { h.Lock(); panic("in the section") })
}

// A With that panics ends all waits when its Holder gives the lock up, and none if that has mended it first.
func TestRConditionTornEndsAllWaits(t *testing.T) {
	s := newNappers(nil)
	done, h := s.nap(t, 3), s.C.Holder()
	h.Lock()
	tears(h)
	if err := h.Recover(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	h.Unlock()
	h.Unlock()
	s.notify(1) // which one is woken by; the others sleep
	if err := <-done; err != nil {
		t.Error(err)
	}
	s.reach(t, "one is woken", func(n counts) bool { return n.Woken == 1 })
	h.Lock()
	h.Lock()
	tears(h)
	h.Unlock()
	select {
	case err := <-done:
		t.Errorf("told before the lock was given up: %v", err)
	case <-time.After(5 * time.Millisecond):
	}
	h.Unlock()
	within(t, 5*time.Second, "both are told", func() {
		for range 2 {
			if died := isTold(t, <-done); !died.Panicked {
				t.Errorf("got %+v", died)
			}
		}
	})

	if err := h.Recover(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	h.Unlock()
	done = s.nap(t, 2)
	tears(h) // at its only level
	within(t, 5*time.Second, "both are told", func() { isTold(t, <-done); isTold(t, <-done) })
}

// A mend that fails leaves the lock abandoned again, from all levels, and ends the waits that began in it.
func TestRConditionFailedMend(t *testing.T) {
	s := newNappers(nil)
	h, failure := s.C.Holder(), errors.New("cannot be mended")
	tears(h)
	ctx, cancel := context.WithCancel(t.Context())
	var done <-chan error
	err := h.Recover(t.Context(), func(*mp.OwnerDiedError) error {
		h.Lock()
		go func() { done = s.nap(t, 2); cancel() }()
		if err := s.C.By(h).WaitContext(ctx); !errors.Is(err, context.Canceled) || h.Depth() != 2 {
			t.Errorf("a wait in a mend: %v, depth %d", err, h.Depth())
		}
		return failure
	})
	if !errors.Is(err, failure) || h.Depth() != 0 {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "both are told", func() { isTold(t, <-done); isTold(t, <-done) })
}

// Who waits with a section of its own torn gives the lock up so, and is told itself.
func TestRConditionWaitOfTheTorn(t *testing.T) {
	rc := mp.NewRCondition(nil)
	h := rc.Holder()
	h.Lock()
	h.Lock()
	tears(h)
	within(t, 5*time.Second, "told", func() {
		if died := isTold(t, rc.By(h).WaitContext(context.Background())); !died.Panicked || h.Depth() != 0 {
			t.Errorf("%+v, depth %d", died, h.Depth())
		}
	})
}

func TestRConditionMisuse(t *testing.T) {
	mine, other := mp.NewRCondition(nil), mp.NewRCondition(nil)
	for name, f := range map[string]func(){
		"zero lock":         func() { mp.NewRCondition(new(mp.RLock)) },
		"Release of a lock": func() { mp.NewRCondition(mp.NewRLock(), mp.Release) },
		"another's holder":  func() { mine.By(other.Holder()) },
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
	for name, c := range map[string]interface{ MarshalBinary() ([]byte, error) }{"a zero one": new(mp.RCondition), "what By has made": mine.By(mine.Holder())} {
		if _, err := c.MarshalBinary(); err == nil {
			t.Errorf("%s travels", name)
		}
	}
	b, err := mine.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := errors.AsType[*mp.TypeMismatchError](new(mp.Condition).UnmarshalBinary(b)); !ok {
		t.Error("a condition over an RLock was taken for one over a Lock")
	}
	if err := new(mp.RCondition).UnmarshalBinary(b); err != nil {
		t.Error(err)
	}
}

// What By has made keeps the condition's object, whatever becomes of the handle.
func TestRConditionBy(t *testing.T) {
	c := func() *mp.Condition { rc := mp.NewRCondition(nil); return rc.By(rc.Holder()) }()
	runtime.GC()
	runtime.GC()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	c.Lock()
	defer c.Unlock()
	if err := c.WaitForContext(ctx, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if found := looker(t).Check(); len(found) > 0 {
		t.Error(found)
	}
}

// A condition of package threading over a Holder lets go of all its levels too.
func TestThreadingConditionOverAHolder(t *testing.T) {
	l := mp.NewRLock()
	h := l.Holder()
	c := &threading.Condition{L: h}
	c.Lock()
	c.Lock()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		other := l.Holder()
		other.Lock()
		cancel()
		other.Unlock()
	}()
	if err := c.WaitContext(ctx); !errors.Is(err, context.Canceled) || h.Depth() != 2 {
		t.Errorf("%v, depth %d", err, h.Depth())
	}
}
