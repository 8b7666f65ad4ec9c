package mp

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// Holder holds an [RLock] any number of times: as many Unlocks as Locks give it back. It is for one goroutine at a
// time, which the race detector watches; it may be handed to another, and that one goes on where the first was. It is
// made by [RLock.Holder], and neither copied nor sent: another process makes its own.
//
// A Lock and Unlock cost as those of sync.Mutex, those within them 2 or 3 ns each.
type Holder struct {
	noCopy noCopy
	party  prim.Party
	fast   *prim.RLock       // state's; of a traced lock one that is never free
	state  *arena.RLockState // of lock
	lock   *RLock
}

var _ sync.Locker = (*Holder)(nil)

// Lock locks the lock, waiting as long as it takes; if h holds it, it does so once more. It panics with
// *OwnerDiedError if the holder has died with it: whoever can mend that calls LockContext or Recover instead.
func (h *Holder) Lock() {
	if !h.fast.TryLock(&h.party) {
		if err := h.lockSlow(background); err != nil {
			panic(err)
		}
	}
	if race.Enabled {
		h.lock.shadow.Acquire()
	}
}

// LockContext is Lock until ctx ends: ctx's error, or *OwnerDiedError, is returned without the lock, or with as many
// levels as before. A lock that is free, or that h holds, is taken even if ctx has ended.
func (h *Holder) LockContext(ctx context.Context) error {
	if !h.fast.TryLock(&h.party) {
		if err := h.lockSlow(ctx); err != nil {
			return err
		}
	}
	if race.Enabled {
		h.lock.shadow.Acquire()
	}
	return nil
}

//go:noinline
func (h *Holder) lockSlow(ctx context.Context) error {
	p, c := h.lock.wants(arena.Exclusive)
	err := h.state.RLock.LockSlow(ctx, &h.party, p, &h.lock.spin)
	if errors.Is(err, prim.ErrAbandoned) {
		return h.lock.ownerDied()
	}
	if err == nil {
		h.lock.took(c, arena.Exclusive)
	}
	return err
}

// TryLock locks the lock if it is free or h holds it, and tells whether it did. It panics with *OwnerDiedError as Lock
// does.
func (h *Holder) TryLock() bool {
	if !h.fast.TryLock(&h.party) && !h.tryLockSlow() {
		return false
	}
	if race.Enabled {
		h.lock.shadow.Acquire()
	}
	return true
}

func (h *Holder) tryLockSlow() bool {
	ok, err := h.state.RLock.TryLockSlow(&h.party)
	if !ok && err == nil {
		// Nobody may be asleep here, and so nobody looks whether the holder lives.
		if id := h.state.RLock.HeldBy().ID; id != 0 && h.lock.arena.in.Suspect(id) {
			ok, err = h.state.RLock.TryLockSlow(&h.party)
		}
	}
	if err != nil {
		panic(h.lock.ownerDied())
	}
	if ok && h.lock.tracer != nil {
		h.lock.took(whoCalls(), arena.Exclusive)
	}
	return ok
}

// Unlock takes one Lock back. It panics if h does not hold the lock, whoever else does.
func (h *Holder) Unlock() {
	if race.Enabled {
		h.lock.shadow.Release()
	}
	if !h.fast.Unlock(&h.party) {
		h.unlockSlow()
	}
}

//go:noinline
func (h *Holder) unlockSlow() {
	h.leaves(h.Depth(), h.party.Torn())
	err := h.state.RLock.UnlockSlow(&h.party, h.lock.parker())
	runtime.KeepAlive(h) // and with it the lock's handle: or the object could be gone before the last look at it
	if err != nil {
		panic(err)
	}
}

// leaves comes before an unlock at the given level. If that is the last, the tracer is told; and if it leaves the lock
// abandoned, all waits on conditions over it end, before others can see it.
func (h *Holder) leaves(level int, torn bool) {
	if h.Depth() == 0 || level != 1 {
		return
	}
	if h.lock.tracer != nil {
		h.lock.leaves(arena.Exclusive)
	}
	if torn && h.state.Policy.Load() == arena.PolicyAbandon && h.state.Conditions.Load() != 0 {
		h.lock.arena.in.EndWaits(h.lock.object)
	}
}

// Depth is how many times h holds the lock: 0 if it does not.
func (h *Holder) Depth() int { return h.party.Depth() }

// Recover is LockContext for those who can mend. If the lock is abandoned it takes it over and calls mend with it
// held; what mend returns decides: nil leaves h with the lock, once more than before, an error leaves the lock abandoned
// and is returned. A mend that panics, or is killed, leaves it abandoned too. Of several that call Recover one mends,
// and the others just lock. mend may be nil if there is nothing to mend.
//
// If h holds the lock and a With of it has panicked, Recover mends what that has left.
func (h *Holder) Recover(ctx context.Context, mend func(died *OwnerDiedError) error) error {
	p, c := h.lock.wants(arena.Exclusive)
	takenOver, err := h.state.RLock.Recover(ctx, &h.party, p, &h.lock.spin)
	if err != nil {
		return err
	}
	if h.Depth() == 1 {
		h.lock.took(c, arena.Exclusive)
	}
	if race.Enabled {
		h.lock.shadow.Acquire()
	}
	if !takenOver || mend == nil {
		return nil
	}
	level, mended := h.Depth(), false
	defer func() {
		if !mended {
			h.abandon(level)
		}
	}()
	err = mend(h.lock.ownerDied())
	mended = err == nil
	return err
}

// abandon leaves a level as torn.
func (h *Holder) abandon(level int) {
	if race.Enabled {
		h.lock.shadow.Release()
	}
	h.leaves(level, true)
	h.state.RLock.Abandon(&h.party, level, h.lock.parker())
	runtime.KeepAlive(h)
}
