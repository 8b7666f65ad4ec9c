package conform

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// RWLocker is what every readers-writer lock of this module is.
type RWLocker interface {
	Locker
	RLock()
	TryRLock() bool
	RLockContext(ctx context.Context) error
	RUnlock()
	RLocker() sync.Locker
}

// RWLock runs the contract of a readers-writer lock; locker makes a fresh one. Python has no such lock: the cases are
// those of Go's sync/rwmutex_test.go where it has them, and say so.
func RWLock(t *testing.T, locker func(t *testing.T) RWLocker) {
	for _, c := range []struct {
		name string // and Go's name for it
		test func(t *testing.T, l RWLocker)
	}{
		{"many readers at once", rwParallelReaders}, // TestParallelReaders
		{"try", rwTry},         // TestRWMutex
		{"hammer", rwHammer},   // HammerRWMutex
		{"RLocker", rwRLocker}, // TestRLocker
		{"misuse", rwMisuse},   // ours; sync's is fatal
		{"timeout", rwTimeout}, // ours, and all below
		{"success wins over an ended context", rwFreeBeatsEnded},    //
		{"a waiting writer goes before new readers", rwWriterFirst}, //
		{"a writer that gives up lets the readers in", rwWriterGivesUp},
		{"readers do not starve writers", rwReaderStream},
		{"writers do not starve readers", rwWriterStream},
		{"who is cancelled eats no wake-up", rwCancelStorm},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, locker(t)) })
	}
	t.Run("writers alone", func(t *testing.T) {
		Lock(t, func(t *testing.T) Locker { return locker(t) })
	})
}

func rwParallelReaders(_ *testing.T, l RWLocker) {
	const readers = 10
	var inside, out sync.WaitGroup
	inside.Add(readers)
	for range readers {
		out.Go(func() {
			l.RLock()
			inside.Done()
			inside.Wait() // all are in
			l.RUnlock()
		})
	}
	out.Wait()
}

func rwTry(t *testing.T, l RWLocker) {
	l.Lock()
	if l.TryLock() {
		t.Fatal("TryLock took a lock that is held")
	}
	if l.TryRLock() {
		t.Fatal("TryRLock took a lock that is held")
	}
	l.Unlock()
	if !l.TryLock() {
		t.Fatal("TryLock failed on a free lock")
	}
	l.Unlock()
	for range 2 {
		if !l.TryRLock() {
			t.Fatal("TryRLock failed without a writer")
		}
	}
	if l.TryLock() {
		t.Fatal("TryLock took a lock that is being read")
	}
	if !l.TryRLock() {
		t.Fatal("a failed TryLock keeps readers out")
	}
	for range 3 {
		l.RUnlock()
	}
	if !l.TryLock() {
		t.Fatal("TryLock failed after the last reader")
	}
	l.Unlock()
}

// rwHammer counts who is inside: 1 a reader, 10,000 a writer.
func rwHammer(t *testing.T, l RWLocker) {
	for _, readers := range []int{1, 3, 10} {
		var inside atomic.Int32
		var wg sync.WaitGroup
		shared := 0 // for the race detector
		for range readers {
			wg.Go(func() {
				for range 500 {
					l.RLock()
					if n := inside.Add(1); n < 1 || n >= 10000 {
						t.Errorf("a reader is inside with a writer: %d", n)
					}
					_ = shared
					runtime.Gosched()
					inside.Add(-1)
					l.RUnlock()
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				for range 500 {
					l.Lock()
					if n := inside.Add(10000); n != 10000 {
						t.Errorf("a writer is not alone: %d", n)
					}
					shared++
					runtime.Gosched()
					inside.Add(-10000)
					l.Unlock()
				}
			})
		}
		wg.Wait()
		if shared != 1000 {
			t.Errorf("%d of 1000 writes", shared)
		}
	}
}

func rwRLocker(t *testing.T, l RWLocker) {
	const n = 10
	locked, read := make(chan bool, 1), make(chan bool, 1)
	r := l.RLocker()
	go func() {
		for range n {
			r.Lock()
			r.Lock() //nolint:staticcheck // twice is the test
			read <- true
			l.Lock()
			locked <- true
		}
	}()
	for range n {
		<-read
		r.Unlock()
		select {
		case <-locked:
			t.Fatal("RLocker did not lock it for reading")
		default:
		}
		r.Unlock()
		<-locked
		select {
		case <-read:
			t.Fatal("RLocker did not respect the writer")
		default:
		}
		l.Unlock()
	}
}

func rwMisuse(t *testing.T, l RWLocker) {
	for _, c := range []struct {
		name          string
		before, after func()
		misuse        func()
	}{
		{"Unlock of a free lock", func() {}, func() {}, l.Unlock},
		{"RUnlock of a free lock", func() {}, func() {}, l.RUnlock},
		{"Unlock of a reader's", l.RLock, l.RUnlock, l.Unlock},
		{"RUnlock of a writer's", l.Lock, l.Unlock, l.RUnlock},
	} {
		c.before()
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", c.name)
				}
			}()
			c.misuse()
		}()
		c.after()
		if !l.TryLock() {
			t.Fatalf("%s has damaged the lock", c.name)
		}
		l.Unlock()
	}
}

func rwTimeout(t *testing.T, l RWLocker) {
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	l.Lock()
	if err := l.RLockContext(short()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a reader beside a writer: %v", err)
	}
	l.Unlock()
	l.RLock()
	if err := l.LockContext(short()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a writer beside a reader: %v", err)
	}
	if !l.TryRLock() {
		t.Fatal("a writer that has given up keeps readers out")
	}
	l.RUnlock()
	l.RUnlock()
	if !l.TryLock() {
		t.Fatal("the lock is not free after waiters have given up")
	}
	l.Unlock()
}

func rwFreeBeatsEnded(t *testing.T, l RWLocker) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.RLockContext(ctx); err != nil {
		t.Fatalf("a free lock was refused to a reader: %v", err)
	}
	if err := l.RLockContext(ctx); err != nil {
		t.Fatalf("a lock that is being read was refused to a reader: %v", err)
	}
	l.RUnlock()
	l.RUnlock()
	if err := l.LockContext(ctx); err != nil {
		t.Fatalf("a free lock was refused to a writer: %v", err)
	}
	l.Unlock()
}

// writerWaits waits until a writer keeps new readers out.
func writerWaits(t *testing.T, l RWLocker) {
	t.Helper()
	for begin := time.Now(); l.TryRLock(); runtime.Gosched() {
		l.RUnlock()
		if time.Since(begin) > 10*time.Second {
			t.Fatal("a writer that waits does not keep new readers out")
		}
	}
}

func rwWriterFirst(t *testing.T, l RWLocker) {
	for range 20 {
		order := make(chan string, 2)
		l.RLock()
		var wg sync.WaitGroup
		wg.Go(func() { l.Lock(); order <- "writer"; l.Unlock() })
		writerWaits(t, l)
		wg.Go(func() { l.RLock(); order <- "reader"; l.RUnlock() })
		l.RUnlock()
		if first := <-order; first != "writer" {
			t.Error("a reader that came after a waiting writer went before it")
		}
		wg.Wait()
	}
}

func rwWriterGivesUp(t *testing.T, l RWLocker) {
	l.RLock()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	gaveUp := make(chan error)
	go func() { gaveUp <- l.LockContext(ctx) }()
	writerWaits(t, l)
	var readers sync.WaitGroup
	for range 5 {
		readers.Go(func() { l.RLock(); l.RUnlock() })
	}
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, expected context.Canceled", err)
	}
	readers.Wait() // while the first is still inside
	l.RUnlock()
}

// rwReaderStream has always a reader inside, unless a writer keeps the next one out.
func rwReaderStream(t *testing.T, l RWLocker) {
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				l.RLock()
				runtime.Gosched()
				l.RUnlock()
			}
		})
	}
	begin := time.Now()
	for range 50 {
		l.Lock()
		l.Unlock() //nolint:staticcheck // the empty section is the test
	}
	stop.Store(true)
	wg.Wait()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("50 writes took %v", took)
	}
}

// rwWriterStream has always a writer that wants the lock.
func rwWriterStream(t *testing.T, l RWLocker) {
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				l.Lock()
				runtime.Gosched()
				l.Unlock()
			}
		})
	}
	begin := time.Now()
	for range 50 {
		l.RLock()
		l.RUnlock()
	}
	stop.Store(true)
	wg.Wait()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("50 reads took %v", took)
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
