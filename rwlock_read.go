package mp

import (
	"context"
	"sync"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// RLock locks l for reading, waiting as long as it takes. It panics with *OwnerDiedError if a writer has died with it.
func (l *RWLock) RLock() {
	if l.mine.Add(1); l.word.Load() > prim.Open { // written out, or RLock would not go in line
		l.rlockWait() // keeps l alive until we are counted: then the object stays without us
	}
	if race.Enabled {
		l.shadow.Acquire()
	}
}

//go:noinline
func (l *RWLock) rlockWait() {
	if err := l.rlockSlow(background); err != nil {
		panic(err)
	}
}

// RLockContext is RLock until ctx ends: ctx's error, or *OwnerDiedError, is returned without the lock. A lock that can be
// had is taken even if ctx has ended.
func (l *RWLock) RLockContext(ctx context.Context) error {
	if l.mine.Add(1); l.word.Load() > prim.Open {
		if err := l.rlockSlow(ctx); err != nil {
			return err
		}
	}
	if race.Enabled {
		l.shadow.Acquire()
	}
	return nil
}

func (l *RWLock) rlockSlow(ctx context.Context) error {
	if l.tracer != nil {
		l.mine.Store(notALastOne)
		l.side.Readers[l.side.Slot].Add(1)
	}
	return l.told(l.slowly(arena.Shared, func(s *prim.RWSide) error { return l.state.RLockSlow(ctx, s) }))
}

// TryRLock locks l for reading unless a writer has it or waits for it, and tells whether it did. It panics with
// *OwnerDiedError as RLock does.
func (l *RWLock) TryRLock() bool {
	ok, err := l.state.TryRLock(&l.side)
	if !ok && err == nil && l.suspectWriter() {
		ok, err = l.state.TryRLock(&l.side)
	}
	if err != nil {
		panic(l.told(err))
	}
	if ok && race.Enabled {
		l.shadow.Acquire()
	}
	if ok && l.tracer != nil {
		l.took(whoCalls(), arena.Shared)
	}
	return ok
}

// RUnlock undoes one RLock of this process. It panics if this process does not have l for reading.
func (l *RWLock) RUnlock() {
	if race.Enabled {
		l.reads.Release()
	}
	if !prim.LastOut(l.mine) {
		l.runlockSlow()
	}
}

//go:noinline
func (l *RWLock) runlockSlow() {
	l.leaves(arena.Shared)
	if err := l.state.RUnlockSlow(&l.side); err != nil {
		panic(err)
	}
}

// RLocker is l as a sync.Locker that locks it for reading.
func (l *RWLock) RLocker() sync.Locker { return (*rlocker)(l) }

type rlocker RWLock

func (r *rlocker) Lock()   { (*RWLock)(r).RLock() }
func (r *rlocker) Unlock() { (*RWLock)(r).RUnlock() }
