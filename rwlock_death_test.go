//go:build linux

package mp_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// kill ends a process that the test has started, and waits for its end.
func kill(t *testing.T, p *mp.Process) {
	t.Helper()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Join(); err == nil {
		t.Fatal("the process was not killed")
	}
}

func isOwnerDied(err error) (*mp.OwnerDiedError, bool) { return errors.AsType[*mp.OwnerDiedError](err) }

func TestADeadWriterIsToldToReadersAndWriters(t *testing.T) {
	s := newShelf(mp.Name("shelf"))
	p := start(t, holdWriting(s))
	s.Gate.wait(t, 1)
	told := make(chan error)
	for range 3 {
		go func() { told <- s.Lock.LockContext(context.Background()) }()
		go func() { told <- s.Lock.RLockContext(context.Background()) }()
	}
	kill(t, p)
	within(t, 5*time.Second, "all waiters are told", func() {
		for range 6 {
			if died, ok := isOwnerDied(<-told); !ok || died.Object != "shelf" || died.Process != p.Name || died.PID != p.PID() {
				t.Errorf("told %+v", died)
			}
		}
	})
	for name, f := range map[string]func(){
		"Lock": s.Lock.Lock, "TryLock": func() { s.Lock.TryLock() }, "RLock": s.Lock.RLock, "TryRLock": func() { s.Lock.TryRLock() },
	} {
		func() {
			defer func() {
				if err, _ := recover().(error); err == nil {
					t.Errorf("%s did not panic", name)
				} else if _, ok := isOwnerDied(err); !ok {
					t.Errorf("%s: %v", name, err)
				}
			}()
			f()
		}()
	}
	failure := errors.New("cannot be mended")
	if err := s.Lock.Recover(context.Background(), func(*mp.OwnerDiedError) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("a failed mend: %v", err)
	}
	if _, ok := isOwnerDied(s.Lock.RLockContext(context.Background())); !ok {
		t.Error("the lock is not abandoned after a failed mend")
	}
	mended := 0
	if err := s.Lock.Recover(context.Background(), func(*mp.OwnerDiedError) error { mended++; return nil }); err != nil || mended != 1 {
		t.Errorf("%v, mended %d times", err, mended)
	}
	if s.Lock.TryRLock() {
		t.Error("a reader is beside the mender")
	}
	s.Lock.Unlock()
	s.Lock.RLock()
	s.Lock.RUnlock()
	if died, n := s.Lock.LastDeath(); n != 1 || died == nil || died.PID != p.PID() {
		t.Errorf("LastDeath: %v, %d", died, n)
	}
}

func TestADeadReaderLeaves(t *testing.T) {
	for _, c := range []struct {
		name string
		lock func(*mp.RWLock) bool
	}{
		{"Lock", func(l *mp.RWLock) bool { l.Lock(); return true }},
		{"TryLock, and nobody sleeps", (*mp.RWLock).TryLock},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf()
			p := start(t, holdReading(s))
			s.Gate.wait(t, 1)
			if s.Lock.TryLock() {
				t.Fatal("a writer is beside a reader")
			}
			kill(t, p)
			within(t, 5*time.Second, c.name, func() {
				if !c.lock(s.Lock) {
					t.Error("the dead reader keeps the lock")
				}
			})
			s.Lock.Unlock()
			if _, n := s.Lock.LastDeath(); n != 0 {
				t.Errorf("%d deaths that matter", n)
			}
		})
	}
}

func TestAWriterThatDiesWhileItDrainsLeavesNothing(t *testing.T) {
	s := newShelf()
	s.Lock.RLock()
	p := start(t, waitWriting(s))
	s.Gate.wait(t, 1)
	within(t, 20*time.Second, "the writer keeps readers out", func() {
		for s.Lock.TryRLock() {
			s.Lock.RUnlock()
			runtime.Gosched()
		}
	})
	in := make(chan error)
	go func() { in <- s.Lock.RLockContext(context.Background()) }()
	kill(t, p)
	within(t, 5*time.Second, "the reader behind it", func() {
		if err := <-in; err != nil {
			t.Error(err)
		}
	})
	s.Lock.RUnlock()
	s.Lock.RUnlock()
	if !s.Lock.TryLock() {
		t.Fatal("the lock is not free")
	}
	s.Lock.Unlock()
	if _, n := s.Lock.LastDeath(); n != 0 {
		t.Errorf("%d deaths that matter", n)
	}
}

func TestAReaderThatDiesWhileItWaitsLeavesNothing(t *testing.T) {
	s := newShelf()
	s.Lock.Lock()
	p := start(t, waitReading(s))
	s.Gate.wait(t, 1)
	kill(t, p)
	s.Lock.Unlock()
	within(t, 5*time.Second, "the next writer", s.Lock.Lock)
	s.Lock.Unlock()
}

func TestReleasePolicyFreesTheRWLockOfTheDead(t *testing.T) {
	s := newShelf(mp.Release)
	p := start(t, holdWriting(s))
	s.Gate.wait(t, 1)
	kill(t, p)
	within(t, 5*time.Second, "a reader", s.Lock.RLock)
	s.Lock.RUnlock()
	if died, n := s.Lock.LastDeath(); n != 1 || died.PID != p.PID() {
		t.Errorf("LastDeath: %v, %d", died, n)
	}
}

func TestExitReadingLeaves(t *testing.T) {
	s := newShelf()
	if err := start(t, exitReading(s)).Join(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "a writer", s.Lock.Lock)
	s.Lock.Unlock()
}
