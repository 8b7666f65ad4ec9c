package threading

import (
	"context"
	"sync"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// Lock is a mutual exclusion lock between goroutines: Python's threading.Lock. The zero Lock is unlocked. A
// Lock must not be copied after first use. Any goroutine may unlock it; Unlock synchronizes before a later
// Lock, as the Go memory model says of sync.Mutex.
//
// It is sync.Mutex with a wait that a context can end, at about the same cost uncontended. A goroutine that
// ends holding it leaves it locked. Between processes mp.Lock does the same, and knows of their deaths.
type Lock struct {
	state prim.Lock
	spin  park.Spin
}

var _ sync.Locker = (*Lock)(nil)

// me is what goroutines of this process write into the words of locks: on the heap nobody else does.
const me uint32 = 1 << 2

var background = context.Background()

// Lock locks l, waiting as long as it takes.
func (l *Lock) Lock() {
	if !l.state.TryLock(me) {
		_ = l.lockSlow(background) // without an end of the context there is no error
	}
}

// LockContext is Lock until ctx ends, and returns its error then. A lock that is free is taken even if ctx has ended.
func (l *Lock) LockContext(ctx context.Context) error {
	if l.state.TryLock(me) {
		return nil
	}
	return l.lockSlow(ctx)
}

func (l *Lock) lockSlow(ctx context.Context) error {
	return l.state.LockSlow(ctx, me, &park.Heap, &l.spin)
}

// TryLock locks l if it is free and tells whether it did.
func (l *Lock) TryLock() bool {
	if l.state.TryLock(me) {
		return true
	}
	ok, _ := l.state.TryLockSlow(me) // on the heap no holder dies
	return ok
}

// Unlock unlocks l. It panics if l is not locked.
func (l *Lock) Unlock() {
	if !l.state.Unlock(me) {
		l.unlockSlow()
	}
}

func (l *Lock) unlockSlow() {
	if err := l.state.UnlockSlow(me, &park.Heap); err != nil {
		panic(err)
	}
}

// With calls f with l locked: Python's with statement. A panic in f, or runtime.Goexit, unlocks l as a deferred
// Unlock does, and goes on: whoever recovers the panic knows what it has left half done, as it is in the same process.
func (l *Lock) With(f func()) {
	l.Lock()
	defer l.Unlock()
	f()
}
