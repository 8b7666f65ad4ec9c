package conform

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// rwReaderStream has always a reader inside, unless a writer keeps the next one out.
func rwReaderStream(t *testing.T, l RWLocker) {
	rwStream(t, readSide{l}, l)
}

// rwWriterStream has always a writer that wants the lock.
func rwWriterStream(t *testing.T, l RWLocker) {
	rwStream(t, l, readSide{l})
}

type readSide struct{ RWLocker }

func (r readSide) Lock()   { r.RLock() }
func (r readSide) Unlock() { r.RUnlock() }

func rwStream(t *testing.T, theirs, ours sync.Locker) {
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				theirs.Lock()
				runtime.Gosched()
				theirs.Unlock()
			}
		})
	}
	begin := time.Now()
	for range 50 {
		ours.Lock()
		ours.Unlock() //nolint:staticcheck // the empty section is the test
	}
	stop.Store(true)
	wg.Wait()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("50 sections took %v", took)
	}
}

func rwCancelStorm(t *testing.T, l RWLocker) {
	var wg sync.WaitGroup
	var reads atomic.Int64
	writes := 0
	sometimes := func(lock func(ctx context.Context) error, work, unlock func()) {
		for range 100 {
			ctx, cancel := context.WithCancel(context.Background())
			go cancel()
			if lock(ctx) == nil {
				work()
				unlock()
			}
			cancel()
		}
	}
	always := func(lock, work, unlock func()) {
		for range 100 {
			lock()
			work()
			unlock()
		}
	}
	write, read := func() { writes++ }, func() { reads.Add(int64(min(writes, 0) + 1)) }
	for range 4 {
		wg.Go(func() { sometimes(l.LockContext, write, l.Unlock) })
		wg.Go(func() { sometimes(l.RLockContext, read, l.RUnlock) })
		wg.Go(func() { always(l.Lock, write, l.Unlock) })
		wg.Go(func() { always(l.RLock, read, l.RUnlock) })
	}
	begin := time.Now()
	wg.Wait()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v: wake-ups are lost and only the tick heals them", took)
	}
	if writes < 400 || reads.Load() < 400 {
		t.Errorf("%d writes and %d reads of at least 400 each", writes, reads.Load())
	}
	if !l.TryLock() {
		t.Fatal("the lock is not free after the storm")
	}
	l.Unlock()
}

func rwTryStorm(t *testing.T, l RWLocker) {
	var wg sync.WaitGroup
	for _, c := range []struct {
		try    func() bool
		unlock func()
	}{{l.TryLock, l.Unlock}, {l.TryRLock, l.RUnlock}, {l.TryLock, l.Unlock}, {l.TryRLock, l.RUnlock}} {
		wg.Go(func() {
			for i := range 100000 {
				if c.try() {
					c.unlock()
				} else if i%64 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	wg.Wait()
	if !l.TryLock() {
		t.Fatal("a try that has failed keeps the lock")
	}
	l.Unlock()
}
