package conform

import (
	"context"
	"runtime"
	"sync"
	"testing"
)

// RLocker is a lock whose holders may take it again; H is the type of its holders.
type RLocker[H Holder] interface{ Holder() H }

// Holder is a party to an RLocker.
type Holder interface {
	Locker
	Depth() int
	With(f func())
}

// RLock runs the contract of a lock that its holder may take again: what it is between different holders, which is
// that of Lock, and what it is to one. rlocker makes a fresh one.
func RLock[H Holder](t *testing.T, rlocker func(t *testing.T) RLocker[H]) {
	t.Run("as a lock", func(t *testing.T) { // RLockTests inherits BaseLockTests
		Lock(t, func(t *testing.T) Locker { return &sections[H]{of: rlocker(t)} })
	})
	for _, c := range []struct {
		name string // and CPython's name for it, test/lock_tests.py
		test func(t *testing.T, holder func() Holder)
	}{
		{"again", rlockAgain},                                    // test_reacquire
		{"unlock of an unlocked lock", rlockUnacquired},          // test_release_unacquired
		{"depth", rlockDepth},                                    // test_recursion_count
		{"unlock by another holder", rlockOtherHolder},           // test_different_thread
		{"who has it", rlockOwned},                               // test__is_owned
		{"three levels", rlockThreeLevels},                       // _TestLock.test_rlock of _test_multiprocessing.py
		{"deferred unlock", rlockDeferred},                       // test_with
		{"with", rlockWith},                                      // test_with, test_lock_context
		{"again in spite of an ended context", rlockBeatsEnded},  // ours
		{"another holder sees the last unlock alone", rlockLast}, // ours
		{"a holder goes from goroutine to goroutine", rlockHandedOver},
		{"many holders, many levels", rlockMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := rlocker(t)
			c.test(t, func() Holder { return l.Holder() })
		})
	}
}

// sections is an RLock as a Lock: a holder for each section, which waits where a locker would.
type sections[H Holder] struct {
	of RLocker[H]
	in *H // who is inside; guarded by the lock itself
}

func (s *sections[H]) Lock() {
	h := s.of.Holder()
	h.Lock()
	s.in = &h
}

func (s *sections[H]) TryLock() bool {
	h := s.of.Holder()
	if !h.TryLock() {
		return false
	}
	s.in = &h
	return true
}

func (s *sections[H]) LockContext(ctx context.Context) error {
	h := s.of.Holder()
	err := h.LockContext(ctx)
	if err == nil {
		s.in = &h
	}
	return err
}

func (s *sections[H]) Unlock() {
	if s.in == nil {
		s.of.Holder().Unlock()
		return
	}
	h := *s.in
	s.in = nil
	h.Unlock()
}

// mustBeFree fails the test if a new holder cannot have the lock at once.
func mustBeFree(t *testing.T, holder func() Holder) {
	t.Helper()
	h := holder()
	if !h.TryLock() {
		t.Fatal("the lock is not free")
	}
	h.Unlock()
}

// mustBeHeld fails the test if a new holder can have the lock.
func mustBeHeld(t *testing.T, holder func() Holder) {
	t.Helper()
	if h := holder(); h.TryLock() {
		h.Unlock()
		t.Fatal("another holder got in")
	}
}

func rlockAgain(t *testing.T, holder func() Holder) { again(t, holder(), holder) }

func again(t *testing.T, h Holder, holder func() Holder) {
	t.Helper()
	h.Lock()
	h.Lock()
	h.Unlock()
	h.Lock()
	h.Unlock()
	mustBeHeld(t, holder)
	h.Unlock()
	mustBeFree(t, holder)
}

func rlockUnacquired(t *testing.T, holder func() Holder) {
	h := holder()
	mustPanic(t, "Unlock of an unlocked lock", "", h.Unlock)
	again(t, h, holder)
	mustPanic(t, "one Unlock too many", "", h.Unlock)
	mustBeFree(t, holder)
}

func rlockDepth(t *testing.T, holder func() Holder) {
	h := holder()
	want := func(n int) {
		t.Helper()
		if got := h.Depth(); got != n {
			t.Errorf("depth %d, expected %d", got, n)
		}
	}
	want(0)
	h.Lock()
	want(1)
	h.Lock()
	h.Lock()
	want(3)
	h.Unlock()
	want(2)
	h.Unlock()
	h.Unlock()
	want(0)
	other := holder()
	other.Lock()
	want(0)
	other.Unlock()
	want(0)
}

func rlockOtherHolder(t *testing.T, holder func() Holder) {
	h, other := holder(), holder()
	h.Lock()
	h.Lock()
	mustPanic(t, "Unlock by another holder", "", other.Unlock)
	if h.Depth() != 2 || other.Depth() != 0 {
		t.Errorf("the misuse left depths %d and %d", h.Depth(), other.Depth())
	}
	h.Unlock()
	mustPanic(t, "Unlock by another holder", "", other.Unlock)
	mustBeHeld(t, holder)
	h.Unlock()
	mustBeFree(t, holder)
}

func rlockOwned(t *testing.T, holder func() Holder) {
	h, other := holder(), holder()
	h.Lock()
	h.Lock()
	if got := make(chan int); true {
		go func() { got <- other.Depth() }()
		if n := <-got; n != 0 {
			t.Errorf("another holder, in another goroutine, has depth %d", n)
		}
	}
	h.Unlock()
	if h.Depth() == 0 {
		t.Error("the holder lost the lock with one of two levels")
	}
	h.Unlock()
	if h.Depth() != 0 {
		t.Error("the holder has the lock for ever")
	}
}

func rlockThreeLevels(t *testing.T, holder func() Holder) {
	h := holder()
	for range 3 {
		if !h.TryLock() {
			t.Fatal("a level was refused")
		}
	}
	for range 3 {
		mustBeHeld(t, holder)
		h.Unlock()
	}
	mustPanic(t, "a fourth Unlock", "", h.Unlock)
	mustBeFree(t, holder)
}

func rlockDeferred(t *testing.T, holder func() Holder) {
	h := holder()
	mustPanic(t, "what panics", "", func() {
		h.Lock()
		defer h.Unlock()
		h.Lock()
		defer h.Unlock()
		panic("in the section")
	})
	mustBeFree(t, holder)
}

func rlockWith(t *testing.T, holder func() Holder) {
	h := holder()
	ran := 0
	h.With(func() {
		h.With(func() {
			ran = h.Depth()
			mustBeHeld(t, holder)
		})
		mustBeHeld(t, holder)
	})
	if ran != 2 || h.Depth() != 0 {
		t.Errorf("depth %d inside, %d behind", ran, h.Depth())
	}
	mustBeFree(t, holder)
}

func rlockBeatsEnded(t *testing.T, holder func() Holder) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h := holder()
	for range 3 {
		if err := h.LockContext(ctx); err != nil {
			t.Fatalf("level %d was refused: %v", h.Depth()+1, err)
		}
	}
	if err := holder().LockContext(ctx); err == nil {
		t.Error("another holder got in")
	}
	for range 3 {
		h.Unlock()
	}
	mustBeFree(t, holder)
}

func rlockLast(t *testing.T, holder func() Holder) {
	h, inside := holder(), false
	h.Lock()
	h.Lock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		other := holder()
		other.Lock()
		defer other.Unlock()
		if !inside { // the lock is all that orders this
			t.Error("another holder was let in before the last unlock")
		}
	}()
	h.Unlock()
	h.Lock()
	h.Unlock()
	inside = true
	h.Unlock()
	<-done
}

func rlockHandedOver(t *testing.T, holder func() Holder) {
	h := holder()
	h.Lock()
	for range 3 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.Lock()
			mustBeHeldBy(t, h, 2)
			h.Unlock()
		}()
		<-done
	}
	done := make(chan struct{})
	go func() { h.Unlock(); close(done) }()
	<-done
	mustBeFree(t, holder)
}

func mustBeHeldBy(t *testing.T, h Holder, depth int) {
	if h.Depth() != depth {
		t.Errorf("depth %d, expected %d", h.Depth(), depth)
	}
}

func rlockMany(t *testing.T, holder func() Holder) {
	const goroutines, rounds = 30, 60
	var wg sync.WaitGroup
	count, inside := 0, 0
	var enter func(h Holder, levels int)
	enter = func(h Holder, levels int) {
		h.Lock()
		defer h.Unlock()
		if levels > 1 {
			enter(h, levels-1)
			return
		}
		if inside++; inside != 1 {
			t.Error("two are inside")
		}
		count++
		runtime.Gosched() // so that others come, and have to wait
		inside--
	}
	for g := range goroutines {
		wg.Go(func() {
			h := holder()
			for i := range rounds {
				enter(h, 1+(g+i)%4)
			}
		})
	}
	wg.Wait()
	if count != goroutines*rounds {
		t.Errorf("counted %d of %d", count, goroutines*rounds)
	}
}
