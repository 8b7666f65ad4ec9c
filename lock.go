package mp

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

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
// death frees it instead. A goroutine that ends holding it leaves it held, as with sync.Mutex.
//
// Uncontended it costs one compare-and-swap each way, as sync.Mutex; contended it spins for as long as has
// paid of late, up to about 20 µs, and then sleeps. Newcomers may take it before sleepers do, until one has slept
// for too long: then sleepers go first for a while ("mp bench fairness" shows the worst wait of a crowd). It is
// not re-entrant. Between goroutines of one process threading.Lock does the same on the heap.
type Lock struct {
	noCopy noCopy
	state  *arena.LockState
	me     uint32
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
		Kind: arena.KindLock, Name: s.name, Type: "mp.Lock", Fingerprint: fingerprint(nil), Size: lockStateSize,
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
	l.me = prim.Holder(h.arena.in.Me(), l.state.Policy.Load() == arena.PolicyAbandon)
	collect(l, h)
}

// Lock locks l, waiting as long as it takes. It panics with *OwnerDiedError if the holder has died with it:
// whoever can mend that calls LockContext or Recover instead.
func (l *Lock) Lock() {
	if !l.state.Lock.TryLock(l.me) {
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
	if !l.state.Lock.TryLock(l.me) {
		if err := l.lockContext(ctx); err != nil {
			return err
		}
	}
	if race.Enabled {
		l.shadow.Acquire()
	}
	return nil
}

func (l *Lock) lockContext(ctx context.Context) error {
	err := l.state.Lock.LockSlow(ctx, l.me, l.arena.in.Parker(), &l.spin)
	if errors.Is(err, prim.ErrAbandoned) {
		return l.ownerDied()
	}
	return err
}

// TryLock locks l if it is free and tells whether it did. It panics with *OwnerDiedError as Lock does.
func (l *Lock) TryLock() bool {
	if !l.state.Lock.TryLock(l.me) && !l.tryLockSlow() {
		return false
	}
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
	if err != nil {
		panic(l.ownerDied())
	}
	return ok
}

// Unlock unlocks l. It panics if l is not locked, or is held by another process.
func (l *Lock) Unlock() {
	if race.Enabled {
		l.shadow.Release()
	}
	if !l.state.Lock.Unlock(l.me) {
		l.unlockSlow()
	}
}

//go:noinline
func (l *Lock) unlockSlow() {
	if err := l.state.Lock.UnlockSlow(l.me, l.arena.in.Parker()); err != nil {
		panic(err)
	}
}

// Recover is LockContext for those who can mend. If the lock is abandoned it takes it over and calls mend
// with it held; what mend returns decides: nil leaves the caller with the lock, an error leaves the lock
// abandoned and is returned. A mend that panics, or is killed, leaves it abandoned too. Of several that
// call Recover one mends, and the others just lock. mend may be nil if there is nothing to mend.
func (l *Lock) Recover(ctx context.Context, mend func(died *OwnerDiedError) error) error {
	takenOver, err := l.state.Lock.Recover(ctx, l.me, l.arena.in.Parker(), &l.spin)
	if err != nil {
		return err
	}
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
			l.state.Lock.Abandon(l.me, l.arena.in.Parker())
		}
	}()
	err = mend(l.ownerDied())
	mended = err == nil
	return err
}

// LastDeath tells of the last process that died holding l, and how many did; nil if none has.
func (l *Lock) LastDeath() (died *OwnerDiedError, deaths int) {
	if n := l.object.Deaths; n > 0 {
		return l.ownerDied(), int(n)
	}
	return nil, 0
}

func (l *Lock) ownerDied() *OwnerDiedError {
	o := l.object
	return &OwnerDiedError{Object: o.Named(), Process: o.DiedNamed(), PID: int(o.DiedPID), Since: time.Unix(0, o.DiedAt)}
}

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
