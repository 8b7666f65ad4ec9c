package threading

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// RWLock lets many goroutines read or one write. Python has none. The zero RWLock is unlocked. It must not be
// copied after first use. Any goroutine may unlock it; an unlock synchronizes before a later Lock, and Unlock
// before a later RLock, as the Go memory model says of sync.RWMutex.
//
// It is sync.RWMutex with waits that a context can end, at about the same cost uncontended. A writer that waits goes
// before readers that come after it, and readers that wait for a writer go before the next one, so neither
// starves the other. For that reason a goroutine that reads must not RLock again: it would wait for the writer
// that waits for it. Between processes mp.RWLock does the same, and knows of their deaths.
type RWLock struct {
	state   prim.RWLock
	readers [1]atomic.Uint32
	spin    park.Spin
}

var _ sync.Locker = (*RWLock)(nil)

func (l *RWLock) side() prim.RWSide {
	return prim.RWSide{Me: me, Readers: l.readers[:], Parker: &park.Heap, Spin: &l.spin}
}

// Lock locks l for writing, waiting as long as it takes.
func (l *RWLock) Lock() {
	if got := l.state.LockFast(me, l.readers[:]); got != prim.GotLock {
		_ = l.lockSlow(background, got) // without an end of the context there is no error
	}
}

// LockContext is Lock until ctx ends, and returns its error then. A lock that is free is taken even if ctx has ended.
func (l *RWLock) LockContext(ctx context.Context) error {
	if got := l.state.LockFast(me, l.readers[:]); got != prim.GotLock {
		return l.lockSlow(ctx, got)
	}
	return nil
}

func (l *RWLock) lockSlow(ctx context.Context, got int) error {
	s := l.side()
	return l.state.Lock(ctx, &s, got)
}

// TryLock locks l for writing if nobody has it and tells whether it did.
func (l *RWLock) TryLock() bool {
	s := l.side()
	ok, _ := l.state.TryLock(&s) // on the heap no holder dies
	return ok
}

// Unlock unlocks l for writing. It panics if l is not locked for writing.
func (l *RWLock) Unlock() {
	if !l.state.Unlock(me) {
		l.unlockSlow()
	}
}

func (l *RWLock) unlockSlow() {
	s := l.side()
	if err := l.state.UnlockSlow(&s); err != nil {
		panic(err)
	}
}

// RLock locks l for reading, waiting as long as it takes.
func (l *RWLock) RLock() {
	if l.readers[0].Add(1); l.state.Word().Load() > prim.Open {
		l.rlockWait()
	}
}

// rlockWait stays out of line so that RLock goes in line.
//
//go:noinline
func (l *RWLock) rlockWait() { _ = l.rlockSlow(background) }

// RLockContext is RLock until ctx ends, and returns its error then. A lock that can be had is taken even if ctx has ended.
func (l *RWLock) RLockContext(ctx context.Context) error {
	if l.readers[0].Add(1); l.state.Word().Load() > prim.Open {
		return l.rlockSlow(ctx)
	}
	return nil
}

func (l *RWLock) rlockSlow(ctx context.Context) error {
	s := l.side()
	return l.state.RLockSlow(ctx, &s)
}

// TryRLock locks l for reading unless a writer has it or waits for it, and tells whether it did.
func (l *RWLock) TryRLock() bool {
	s := l.side()
	ok, _ := l.state.TryRLock(&s)
	return ok
}

// RUnlock undoes one RLock. It panics if nobody has l for reading.
func (l *RWLock) RUnlock() {
	if !prim.LastOut(&l.readers[0]) {
		l.runlockSlow()
	}
}

//go:noinline
func (l *RWLock) runlockSlow() {
	s := l.side()
	if err := l.state.RUnlockSlow(&s); err != nil {
		panic(err)
	}
}

// RLocker is l as a sync.Locker that locks it for reading.
func (l *RWLock) RLocker() sync.Locker { return (*rlocker)(l) }

type rlocker RWLock

func (r *rlocker) Lock()   { (*RWLock)(r).RLock() }
func (r *rlocker) Unlock() { (*RWLock)(r).RUnlock() }
