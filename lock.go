package mp

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"sync"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// Lock is a mutual exclusion lock between all goroutines of all processes of the family.
//
// It is made by [NewLock]; the handle travels as an argument and must not be copied. Unlock of one process
// synchronizes before a later Lock of another, as the Go memory model says of sync.Mutex. Any goroutine of
// the holding process may unlock it; a process that does not hold it may not, and panics.
//
// A process that dies holding it, by a kill, a crash or a plain exit, leaves it abandoned: every locker is
// told by *OwnerDiedError, without getting the lock, until one calls Recover. With the option [Release] a
// death frees it instead. A goroutine that ends holding it leaves it held, as with sync.Mutex, unless it was in [Lock.With].
//
// Uncontended it costs one compare-and-swap each way, as sync.Mutex; contended it spins for as long as has
// paid of late, up to about 20 µs, and then sleeps. Newcomers may take it before sleepers do, until one has slept
// for too long: then sleepers go first for a while ("mp bench fairness" shows the worst wait of a crowd). It is
// not re-entrant. Between goroutines of one process threading.Lock does the same on the heap.
type Lock struct {
	noCopy noCopy
	fast   *prim.Lock // state's; of a traced lock one that is never free
	me     uint32
	state  *arena.LockState
	*hold
}

// noCopy makes vet's copylocks find copies of handles.
type noCopy struct{}

// Lock and Unlock are for vet alone.
func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

var _ sync.Locker = (*Lock)(nil)

// NewLock makes a free lock. It panics, as make does, if the arena is full, and before Main.
func NewLock(opts ...Option) *Lock {
	l, err := newLock(opts)
	if err != nil {
		panic(err)
	}
	return l
}

func newLock(opts []Option) (*Lock, error) {
	a, err := family("NewLock")
	if err != nil {
		return nil, err
	}
	s := settle(opts)
	h, err := a.create(arena.ObjectSpec{
		Kind: arena.KindLock, Flags: s.flags, Name: s.name, Type: "mp.Lock", Fingerprint: fingerprint(nil), Size: lockStateSize,
		Init: func(o *arena.Object) { arena.PayloadOf[arena.LockState](o).Policy.Store(s.policy) },
	})
	if err != nil {
		return nil, err
	}
	l := new(Lock)
	l.attach(h)
	return l, nil
}

func (l *Lock) attach(h *hold) {
	l.hold = h
	l.state = arena.PayloadOf[arena.LockState](h.object)
	l.fast = h.fast(&l.state.Lock)
	l.me = prim.Holder(h.arena.in.Me(), l.state.Policy.Load() == arena.PolicyAbandon)
	collect(l, h)
}

// Lock locks l, waiting as long as it takes. It panics with *OwnerDiedError if the holder has died with it:
// whoever can mend that calls LockContext or Recover instead.
func (l *Lock) Lock() {
	// What is as small as this goes in line, KeepAlive included: to the compiler the handle is garbage from its last
	// use on, and a collected handle may free the object under the instruction that is at it.
	if l.fast.TryLock(l.me) {
		runtime.KeepAlive(l)
	} else {
		l.lockSlow()
	}
	if race.Enabled {
		l.shadow.Acquire()
	}
}

// lockSlow stays out of line so that Lock goes in line.
//
//go:noinline
func (l *Lock) lockSlow() {
	if err := l.lockContext(background); err != nil {
		panic(err)
	}
}

// LockContext is Lock until ctx ends: ctx's error, or *OwnerDiedError, is returned without the lock. A
// lock that is free is taken even if ctx has ended.
func (l *Lock) LockContext(ctx context.Context) error {
	if !l.fast.TryLock(l.me) {
		if err := l.lockContext(ctx); err != nil {
			return err
		}
	}
	runtime.KeepAlive(l)
	if race.Enabled {
		l.shadow.Acquire()
	}
	return nil
}

func (l *Lock) lockContext(ctx context.Context) error {
	p, c := l.wants(arena.Exclusive)
	err := l.state.Lock.LockSlow(ctx, l.me, p, &l.spin)
	runtime.KeepAlive(l)
	if errors.Is(err, prim.ErrAbandoned) {
		return l.ownerDied()
	}
	if err == nil {
		l.took(c, arena.Exclusive)
	}
	return err
}

// TryLock locks l if it is free and tells whether it did. It panics with *OwnerDiedError as Lock does.
func (l *Lock) TryLock() bool {
	if !l.fast.TryLock(l.me) && !l.tryLockSlow() {
		return false
	}
	runtime.KeepAlive(l)
	if race.Enabled {
		l.shadow.Acquire()
	}
	return true
}

func (l *Lock) tryLockSlow() bool {
	ok, err := l.state.Lock.TryLockSlow(l.me)
	if !ok && err == nil {
		// Nobody may be asleep here, and so nobody looks whether the holder lives.
		if id, _ := l.state.Lock.HeldBy(); id != 0 && l.arena.in.Suspect(id) {
			ok, err = l.state.Lock.TryLockSlow(l.me)
		}
	}
	runtime.KeepAlive(l)
	if err != nil {
		panic(l.ownerDied())
	}
	if ok && l.tracer != nil {
		l.took(whoCalls(), arena.Exclusive)
	}
	return ok
}

// Unlock unlocks l. It panics if l is not locked, or is held by another process.
func (l *Lock) Unlock() {
	if race.Enabled {
		l.shadow.Release()
	}
	if l.fast.Unlock(l.me) {
		runtime.KeepAlive(l)
	} else {
		l.unlockSlow()
	}
}

//go:noinline
func (l *Lock) unlockSlow() {
	if l.tracer != nil {
		l.leaves(arena.Exclusive)
		if l.state.Lock.Unlock(l.me) {
			runtime.KeepAlive(l)
			return
		}
	}
	err := l.state.Lock.UnlockSlow(l.me, l.parker())
	runtime.KeepAlive(l)
	if err != nil {
		panic(err)
	}
}

// Recover is LockContext for those who can mend. If the lock is abandoned it takes it over and calls mend
// with it held; what mend returns decides: nil leaves the caller with the lock, an error leaves the lock
// abandoned and is returned. A mend that panics, or is killed, leaves it abandoned too. Of several that
// call Recover one mends, and the others just lock. mend may be nil if there is nothing to mend.
func (l *Lock) Recover(ctx context.Context, mend func(died *OwnerDiedError) error) error {
	defer runtime.KeepAlive(l)
	p, c := l.wants(arena.Exclusive)
	takenOver, err := l.state.Lock.Recover(ctx, l.me, p, &l.spin)
	if err != nil {
		return err
	}
	l.took(c, arena.Exclusive)
	if race.Enabled {
		l.shadow.Acquire()
	}
	if !takenOver || mend == nil {
		return nil
	}
	mended := false
	defer func() {
		if !mended {
			if race.Enabled {
				l.shadow.Release()
			}
			l.abandon()
		}
	}()
	err = mend(l.ownerDied())
	mended = err == nil
	return err
}

// abandon gives l up as torn.
func (l *Lock) abandon() {
	l.leaves(arena.Exclusive)
	if l.state.Conditions.Load() != 0 {
		l.arena.in.EndWaits(l.object)
	}
	l.state.Lock.Abandon(l.me, l.parker())
}

// LastDeath tells of the last time that l was abandoned, or freed by [Release], because the process that held it had
// died, or because a With had panicked; and how often that was. It is nil if l never was.
func (l *Lock) LastDeath() (died *OwnerDiedError, deaths int) { return l.lastDeath() }

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (l *Lock) MarshalBinary() ([]byte, error) { return l.marshal(arena.KindLock) }

// UnmarshalBinary makes l a handle of the lock that another process's MarshalBinary named.
func (l *Lock) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindLock, reflect.Type(nil))
	if err != nil {
		return err
	}
	l.attach(h)
	return nil
}
