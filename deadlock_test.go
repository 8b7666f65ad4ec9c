//go:build linux

package mp_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
)

// embrace takes the first lock, says so, and once all have theirs wants the second.
var embrace = mp.Proc3(func(ctx context.Context, first, second *mp.Lock, g gate) error {
	return lockBoth(ctx, first, second, g)
})

func lockBoth(ctx context.Context, first, second *mp.Lock, g gate) error {
	if err := first.LockContext(ctx); err != nil {
		return err
	}
	defer first.Unlock()
	g.pass()
	for g.At.Load() < g.Need.Load() {
		runtime.Gosched()
	}
	if err := second.LockContext(ctx); err != nil {
		return err
	}
	second.Unlock()
	return nil
}

// looker looks at this family as mp ps does.
func looker(t *testing.T) *inspect.Arena {
	t.Helper()
	mp.DefaultArena()
	a, err := inspect.Open(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// deadlocks looks until there are n certain deadlocks, and fails if there are ever more.
func deadlocks(t *testing.T, n int) []inspect.Deadlock {
	t.Helper()
	a := looker(t)
	var found []inspect.Deadlock
	within(t, 10*time.Second, "the deadlocks that are expected", func() {
		for {
			var err error
			if found, err = a.Deadlocks(); err != nil || len(found) > n {
				t.Errorf("%v, %+v", err, found)
			}
			if err != nil || len(found) >= n {
				return
			}
			runtime.Gosched()
		}
	})
	return found
}

// ring is n locks in a ring, and n processes of which each holds one and wants the next.
func ring(t *testing.T, n int, opts ...mp.Option) ([]*mp.Lock, []*mp.Process) {
	t.Helper()
	var locks []*mp.Lock
	for i := range n {
		locks = append(locks, mp.NewLock(append(opts, mp.Name(string(rune('a'+i))))...))
	}
	g := newGate()
	g.Need.Store(n)
	var all []*mp.Process
	for i := range n {
		all = append(all, start(t, embrace(locks[i], locks[(i+1)%n], g)))
	}
	return locks, all
}

func TestDeadlockIsNamed(t *testing.T) {
	for _, n := range []int{2, 3} {
		locks, all := ring(t, n, mp.Trace)
		d := deadlocks(t, 1)[0]
		if !d.Certain || len(d.Waits) != n {
			t.Fatalf("%d processes: %+v", n, d)
		}
		for i, w := range d.Waits {
			if next := d.Waits[(i+1)%n]; w.Process.ID == next.Process.ID || w.Number == 0 || time.Since(w.Since) > time.Minute || time.Since(w.HeldSince) > time.Minute || w.Since.Before(w.HeldSince) {
				t.Errorf("%+v", w)
			}
			if !strings.Contains(w.Where, "/deadlock_test.go:") || !strings.Contains(w.HeldAt, "/deadlock_test.go:") || w.Where == w.HeldAt {
				t.Errorf("where: %q and %q", w.Where, w.HeldAt)
			}
		}
		// A death of one ends it: the others are told, or get what they wait for.
		if err := all[0].Kill(); err != nil {
			t.Fatal(err)
		}
		within(t, 10*time.Second, "the others go on", func() {
			for _, p := range all {
				_ = p.Join()
			}
		})
		deadlocks(t, 0)
		runtime.KeepAlive(locks)
	}
}

// One of the ring is refused, and the others finish as if nothing had been.
func TestDeadlockIsBroken(t *testing.T) {
	for _, n := range []int{2, 3} {
		_, all := ring(t, n, mp.DetectDeadlock)
		within(t, 10*time.Second, "one is refused, the others go on", func() {
			refused := 0
			for _, p := range all {
				switch err := p.Join(); {
				case err == nil:
				case refusal(err) != nil && len(refusal(err).Waits) == n && strings.Count(err.Error(), "waits at") == n:
					refused++
					if w := refusal(err).Waits[0]; w.PID != p.PID() || w.Process != p.Name || time.Since(w.Since) > time.Minute {
						t.Errorf("%+v was refused", w)
					}
				default:
					t.Error(err)
				}
			}
			if refused != 1 {
				t.Errorf("%d of %d were refused", refused, n)
			}
		})
	}
}

func refusal(err error) *mp.DeadlockError {
	e, _ := errors.AsType[*mp.DeadlockError](err)
	return e
}

// Goroutines of one process, and one with itself.
func TestDeadlockWithin(t *testing.T) {
	l := mp.NewLock(mp.DetectDeadlock, mp.Name("own"))
	l.Lock()
	err := l.LockContext(context.Background())
	refused, ok := errors.AsType[*mp.DeadlockError](err)
	if !ok || len(refused.Waits) != 1 || refused.Waits[0].Object != `Lock "own" (`+strings.TrimPrefix(refused.Waits[0].Object, `Lock "own" (`) {
		t.Fatalf("a goroutine that waits for itself: %v", err)
	}
	func() {
		defer func() {
			if _, ok := recover().(*mp.DeadlockError); !ok {
				t.Error("Lock did not panic with *mp.DeadlockError")
			}
		}()
		l.Lock()
	}()
	l.Unlock()
	l.Lock()
	l.Unlock() //nolint:staticcheck // it is as free as ever

	g := newGate()
	g.Need.Store(2)
	other, done := mp.NewLock(mp.DetectDeadlock), make(chan error)
	go func() { done <- lockBoth(context.Background(), l, other, g) }()
	go func() { done <- lockBoth(context.Background(), other, l, g) }()
	within(t, 10*time.Second, "one of two goroutines is refused", func() {
		one, two := <-done, <-done
		if (one == nil) == (two == nil) {
			t.Errorf("got %v and %v", one, two)
		}
	})
}

// A traced lock is a lock: it excludes, it is tried for, given up, abandoned and mended as any.
func TestTracedLockIsALock(t *testing.T) {
	const processes, rounds = 3, 300
	ctx := context.Background()
	l, p := mp.NewLock(mp.Trace), mp.NewRawValue(pair{})
	var g mp.Group
	for range processes {
		g.Start(ctx, hammer(l, p, rounds))
	}
	if err := g.Join(); err != nil || p.Load() != (pair{processes * rounds, processes * rounds}) {
		t.Errorf("%v, %v", err, p.Load())
	}

	if !l.TryLock() || l.TryLock() {
		t.Error("TryLock of a free and of a held lock")
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := l.LockContext(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a wait that its context ends: %v", err)
	}
	l.Unlock()

	l, _ = abandoned(t, mp.Trace)
	failure := errors.New("cannot be mended")
	if err := l.Recover(ctx, func(*mp.OwnerDiedError) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("a failed mend: %v", err)
	}
	if _, ok := errors.AsType[*mp.OwnerDiedError](l.LockContext(ctx)); !ok {
		t.Error("the lock is not abandoned after a failed mend")
	}
	if err := l.Recover(ctx, nil); err != nil {
		t.Error(err)
	}
	l.Unlock()
	l.Lock()
	l.Unlock() //nolint:staticcheck // an ordinary lock again
	if s, err := looker(t).Snapshot(); err != nil || s.Processes[0].Untraced != 0 {
		t.Errorf("%v, %+v", err, s.Processes)
	}
}

// Several threads' worth of goroutines: waits and holds beyond one object of records, and beyond the parker's threads.
func TestDeadlocksAmongManyGoroutines(t *testing.T) {
	const pairs = 40
	done := make(chan error)
	for range pairs {
		a, b, g := mp.NewLock(mp.DetectDeadlock), mp.NewLock(mp.DetectDeadlock), newGate()
		g.Need.Store(2)
		go func() { done <- lockBoth(context.Background(), a, b, g) }()
		go func() { done <- lockBoth(context.Background(), b, a, g) }()
	}
	within(t, 20*time.Second, "one of each pair is refused", func() {
		refused := 0
		for range 2 * pairs {
			if err := <-done; refusal(err) != nil {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		}
		if refused != pairs {
			t.Errorf("%d of %d were refused", refused, pairs)
		}
	})
}

func TestTracedLockBelongsToItsGoroutine(t *testing.T) {
	l := mp.NewLock(mp.Trace)
	l.Lock()
	told := make(chan any)
	go func() {
		defer func() { told <- recover() }()
		l.Unlock()
	}()
	if v, ok := (<-told).(string); !ok || !strings.Contains(v, "by a goroutine that has not locked it") {
		t.Errorf("another goroutine's Unlock: %v", v)
	}
	if l.TryLock() {
		t.Error("it was unlocked all the same")
	}
	l.Unlock()
}
