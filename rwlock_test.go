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

func TestRWLock(t *testing.T) {
	conform.RWLock(t, func(*testing.T) conform.RWLocker { return mp.NewRWLock() })
}

// shelf is what the processes of a test share.
type shelf struct {
	Lock *mp.RWLock
	Pair *mp.RawValue[pair] // written under the lock: its halves are equal
	Gate gate
	Stop *mp.Value[int]
}

func newShelf(opts ...mp.Option) shelf {
	return shelf{mp.NewRWLock(opts...), mp.NewRawValue(pair{}), newGate(), mp.NewValue(0)}
}

func (s shelf) write() error {
	s.Lock.Lock()
	defer s.Lock.Unlock()
	p := s.Pair.Ptr()
	if p.A != p.B {
		return errors.New("torn under a writer")
	}
	p.A++
	runtime.Gosched()
	p.B++
	return nil
}

func (s shelf) read() error {
	s.Lock.RLock()
	defer s.Lock.RUnlock()
	if p := s.Pair.Ptr(); p.A != p.B {
		return errors.New("torn under a reader")
	}
	return nil
}

var (
	readAndWrite = mp.Proc2(func(_ context.Context, s shelf, rounds int) error {
		for i := range rounds {
			if err := s.read(); err != nil {
				return err
			}
			if i%4 == 0 {
				if err := s.write(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	readersStream = mp.Proc(func(_ context.Context, s shelf) error {
		s.Gate.pass()
		done := make(chan error)
		for range 2 {
			go func() {
				for s.Stop.Load() == 0 {
					s.Lock.RLock()
					runtime.Gosched()
					s.Lock.RUnlock()
				}
				done <- nil
			}()
		}
		return errors.Join(<-done, <-done)
	})
	writersStream = mp.Proc(func(_ context.Context, s shelf) error {
		s.Gate.pass()
		for s.Stop.Load() == 0 {
			if err := s.write(); err != nil {
				return err
			}
		}
		return nil
	})
	holdWriting = mp.Proc(func(_ context.Context, s shelf) error {
		s.Lock.Lock()
		s.Gate.pass()
		select {}
	})
	holdReading = mp.Proc(func(_ context.Context, s shelf) error {
		for range 3 {
			s.Lock.RLock()
		}
		s.Gate.pass()
		select {}
	})
	waitWriting = mp.Proc(func(_ context.Context, s shelf) error {
		s.Gate.pass()
		s.Lock.Lock()
		return errors.New("got the lock beside a reader")
	})
	waitReading = mp.Proc(func(_ context.Context, s shelf) error {
		s.Gate.pass()
		s.Lock.RLock()
		s.Lock.RUnlock()
		return nil
	})
	exitReading = mp.Proc(func(_ context.Context, s shelf) error {
		s.Lock.RLock()
		return nil
	})
	unlockReading = mp.Proc(func(_ context.Context, s shelf) error {
		s.Lock.RUnlock()
		return nil
	})
	unlockWriting = mp.Proc(func(_ context.Context, s shelf) error {
		s.Lock.Unlock()
		return nil
	})
)

func TestRWLockBetweenProcesses(t *testing.T) {
	const processes, rounds = 4, 1000
	s := newShelf(mp.Name("shelf"))
	var g mp.Group
	for range processes {
		g.Start(context.Background(), readAndWrite(s, rounds))
	}
	if err := g.Join(); err != nil {
		t.Fatal(err)
	}
	if got, want := s.Pair.Load().A, processes*rounds/4; got != want {
		t.Errorf("%d writes, expected %d", got, want)
	}
}

// A writer gets in though readers of other processes never leave all at once, and a reader though writers never do.
func TestStreamsOfOtherProcesses(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream func(shelf) mp.Call[mp.None]
		we     func(shelf) error
	}{
		{"of readers", readersStream, shelf.write},
		{"of writers", writersStream, shelf.read},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf()
			var g mp.Group
			for range 2 {
				g.Start(context.Background(), c.stream(s))
			}
			s.Gate.wait(t, 2)
			begin := time.Now()
			within(t, 20*time.Second, "100 times through", func() {
				for range 100 {
					if err := c.we(s); err != nil {
						t.Error(err)
					}
				}
			})
			t.Logf("100 times through in %v", time.Since(begin))
			s.Stop.Store(1)
			if err := g.Join(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRWUnlockByAnotherProcessPanicsThere(t *testing.T) {
	for _, c := range []struct {
		name         string
		lock, unlock func(*mp.RWLock)
		other        func(shelf) mp.Call[mp.None]
		text         string
	}{
		{"RUnlock", (*mp.RWLock).RLock, (*mp.RWLock).RUnlock, unlockReading, "not locked"},
		{"Unlock", (*mp.RWLock).Lock, (*mp.RWLock).Unlock, unlockWriting, "another process holds"},
	} {
		s := newShelf()
		c.lock(s.Lock)
		err := start(t, c.other(s)).Join()
		if e, ok := errors.AsType[*mp.PanicError](err); !ok || !strings.Contains(e.Error(), c.text) {
			t.Errorf("%s: %v", c.name, err)
		}
		if s.Lock.TryLock() {
			t.Errorf("%s gave the lock away", c.name)
		}
		c.unlock(s.Lock)
		if !s.Lock.TryLock() {
			t.Errorf("%s has damaged the lock", c.name)
		}
		s.Lock.Unlock()
	}
}

// A stopped process is not dead: what it reads nobody writes.
func TestAStoppedReaderReads(t *testing.T) {
	s := newShelf()
	p := start(t, holdReading(s))
	s.Gate.wait(t, 1)
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := s.Lock.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// A lock whose handle is gone while it is held stays, so that a death can undo it.
func TestAHeldRWLockOutlivesItsHandle(t *testing.T) {
	s := newShelf()
	func() {
		b, err := s.Lock.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		second := new(mp.RWLock)
		if err := second.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		second.RLock()
	}()
	runtime.GC()
	if s.Lock.TryLock() {
		t.Error("the reader is gone with its handle")
	}
	s.Lock.RUnlock()
}

// Heap data that an RWLock guards is in order, and the race detector is told so, whoever writes and reads.
func TestRWLockOrdersHeapDataForTheRaceDetector(t *testing.T) {
	l, n := mp.NewRWLock(), 0
	done := make(chan struct{})
	for i := range 4 {
		go func() {
			for range 100 {
				if i%2 == 0 {
					l.Lock()
					n++
					l.Unlock()
				} else {
					l.RLock()
					_ = n
					l.RUnlock()
				}
				runtime.Gosched()
			}
			done <- struct{}{}
		}()
	}
	for range 4 {
		<-done
	}
	if n != 200 {
		t.Errorf("counted %d", n)
	}
}
