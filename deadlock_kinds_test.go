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
)

// side is one way to take something, and to give it back.
type side struct {
	take func(context.Context) error
	give func()
}

func (s side) then(ctx context.Context, next side, g gate) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	g.pass()
	for g.At.Load() < g.Need.Load() {
		runtime.Gosched()
	}
	if err := next.take(ctx); err != nil {
		return err
	}
	next.give()
	return nil
}

func plain(l *mp.Lock) side     { return side{l.LockContext, l.Unlock} }
func reading(l *mp.RWLock) side { return side{l.RLockContext, l.RUnlock} }
func writing(l *mp.RWLock) side { return side{l.LockContext, l.Unlock} }
func again(l *mp.RLock) side {
	h := l.Holder()
	return side{
		func(ctx context.Context) error {
			err := h.LockContext(ctx)
			if err == nil {
				h.Lock() // twice: the second Unlock is the one that counts
			}
			return err
		},
		func() { h.Unlock(); h.Unlock() },
	}
}

var (
	embraceAgain = mp.Proc3(func(ctx context.Context, first, second *mp.RLock, g gate) error {
		return again(first).then(ctx, again(second), g)
	})
	readThenLock = mp.Proc3(func(ctx context.Context, first *mp.RWLock, second *mp.Lock, g gate) error {
		return reading(first).then(ctx, plain(second), g)
	})
	lockThenWrite = mp.Proc3(func(ctx context.Context, first *mp.Lock, second *mp.RWLock, g gate) error {
		return plain(first).then(ctx, writing(second), g)
	})
	writeThenWrite = mp.Proc3(func(ctx context.Context, first, second *mp.RWLock, g gate) error {
		return writing(first).then(ctx, writing(second), g)
	})
	writeThenRead = mp.Proc3(func(ctx context.Context, first, second *mp.RWLock, g gate) error {
		return writing(first).then(ctx, reading(second), g)
	})
)

// crossings are pairs of calls that will wait for each other.
func crossings(opt mp.Option) map[string]func(g gate) [2]mp.Target {
	return map[string]func(g gate) [2]mp.Target{
		"RLock": func(g gate) [2]mp.Target {
			a, b := mp.NewRLock(opt), mp.NewRLock(opt)
			return [2]mp.Target{embraceAgain(a, b, g), embraceAgain(b, a, g)}
		},
		"reader and writer": func(g gate) [2]mp.Target {
			rw, l := mp.NewRWLock(opt), mp.NewLock(opt)
			return [2]mp.Target{readThenLock(rw, l, g), lockThenWrite(l, rw, g)}
		},
		"writers": func(g gate) [2]mp.Target {
			a, b := mp.NewRWLock(opt), mp.NewRWLock(opt)
			return [2]mp.Target{writeThenWrite(a, b, g), writeThenWrite(b, a, g)}
		},
		"writers who want to read": func(g gate) [2]mp.Target {
			a, b := mp.NewRWLock(opt), mp.NewRWLock(opt)
			return [2]mp.Target{writeThenRead(a, b, g), writeThenRead(b, a, g)}
		},
	}
}

func TestDeadlockOfOtherLocksIsNamed(t *testing.T) {
	for name, cross := range crossings(mp.Trace) {
		t.Run(name, func(t *testing.T) {
			g := newGate()
			g.Need.Store(2)
			targets := cross(g)
			one, two := start(t, targets[0]), start(t, targets[1])
			d := deadlocks(t, 1)[0]
			if len(d.Waits) != 2 || d.Waits[0].Process.PID+d.Waits[1].Process.PID != one.PID()+two.PID() {
				t.Errorf("%+v", d)
			}
			for _, w := range d.Waits {
				if !strings.Contains(w.Where, "deadlock_kinds_test.go:") || !strings.Contains(w.HeldAt, "deadlock_kinds_test.go:") {
					t.Errorf("where: %q and %q", w.Where, w.HeldAt)
				}
			}
			if err := one.Kill(); err != nil {
				t.Fatal(err)
			}
			within(t, 10*time.Second, "the other goes on", func() { _, _ = one.Join(), two.Join() })
			deadlocks(t, 0)
		})
	}
}

func TestDeadlockOfOtherLocksIsBroken(t *testing.T) {
	for name, cross := range crossings(mp.DetectDeadlock) {
		t.Run(name, func(t *testing.T) {
			g := newGate()
			g.Need.Store(2)
			targets := cross(g)
			one, two := start(t, targets[0]), start(t, targets[1])
			within(t, 10*time.Second, "one is refused, the other goes on", func() {
				a, b := one.Join(), two.Join()
				if (a == nil) == (b == nil) || refusal(errors.Join(a, b)) == nil {
					t.Errorf("got %v and %v", a, b)
				}
			})
		})
	}
}

// A reader that comes again behind a writer waits for the writer, which waits for it.
func TestReaderBehindAWriterIsRefused(t *testing.T) {
	rw, g := mp.NewRWLock(mp.DetectDeadlock), newGate()
	rw.RLock()
	l := mp.NewLock()
	writer := start(t, lockThenWrite(l, rw, g))
	g.wait(t, 1)
	a := looker(t)
	within(t, 10*time.Second, "the writer sleeps", func() {
		for asleep := false; !asleep; runtime.Gosched() {
			s, err := a.Snapshot()
			if err != nil {
				t.Error(err)
				return
			}
			for _, p := range s.Processes {
				asleep = asleep || p.PID == writer.PID() && len(p.Waits) > 0
			}
		}
	})
	err := rw.RLockContext(context.Background())
	if r := refusal(err); r == nil || len(r.Waits) != 2 || r.Waits[1].PID != writer.PID() {
		t.Errorf("got %v", err)
	}
	rw.RUnlock()
	if err := writer.Join(); err != nil {
		t.Error(err)
	}
}

// A With that panics gives a traced lock up as one that is not traced.
func TestTracedWith(t *testing.T) {
	l, r := mp.NewLock(mp.Trace), mp.NewRLock(mp.Trace)
	h := r.Holder()
	for name, with := range map[string]func(func()){"Lock": l.With, "RLock": h.With} {
		func() {
			defer func() {
				if recover() != "half done" {
					t.Errorf("%s: the panic did not go on", name)
				}
			}()
			with(func() { panic("half done") })
		}()
	}
	for name, lock := range map[string]func(context.Context, func(*mp.OwnerDiedError) error) error{"Lock": l.Recover, "RLock": h.Recover} {
		told := false
		if err := lock(context.Background(), func(*mp.OwnerDiedError) error { told = true; return nil }); err != nil || !told {
			t.Errorf("%s: %v, told %v", name, err, told)
		}
	}
	l.Unlock()
	h.Unlock()
	if h.Depth() != 0 || !l.TryLock() || !h.TryLock() {
		t.Error("not free after it was mended")
	}
	l.Unlock()
	h.Unlock()
}
