package mp

import (
	"context"
	"runtime"
	"sync"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// Condition is a lock with a place to wait for what it guards to change, for all goroutines of all processes of the
// family: Python's multiprocessing.Condition.
//
// It is made by [NewCondition], or by [RCondition.By] over an [RLock]; the handle travels as an argument, brings its lock along, and must not be copied. The lock
// orders memory as [Lock] says; Notify adds nothing to it. Waits end on account of one notification each, never
// without. In each process the oldest wait is ended first, and the processes take turns. Whoever gets the
// lock before the woken may change what was waited for, so [Condition.WaitFor] is what is wanted mostly.
//
// A process that dies takes no notification with it: the ones that its waiters did not live to act on go to
// others, and Notify never waits for those whom it wakes. If a process dies holding the lock, or a With panics in
// it, all waits end: with *OwnerDiedError if the lock is abandoned; as if notified, with the lock, if a death frees
// it or another has mended already. That is the one case in which a wait ends without a notification.
//
// Notify of nobody takes 4 ns and 1 ns for each process; the wake-up of another process one system call. A
// sleeping process takes one thread for all its waits on a condition. Between goroutines of one process
// threading.Condition does the same on the heap. To tell all of something once, take an Event.
type Condition struct {
	noCopy noCopy
	state  *arena.ConditionState
	lock   conditionLock
	slot   uint32
	of     *RCondition // if its By has made c: the handle that counts; else nil
	*hold
}

// conditionLock is what a condition asks of its lock: for a wait, to let go of it altogether, however often it is
// held, and to take it as often again.
type conditionLock interface {
	sync.Locker
	TryLock() bool
	LockContext(ctx context.Context) error
	Recover(ctx context.Context, mend func(died *OwnerDiedError) error) error
	lastDeath() (died *OwnerDiedError, deaths int)
	owned() bool
	release() (levels int)
	restore(levels int) error // without an end; an error is without the lock
}

var (
	_ sync.Locker   = (*Condition)(nil)
	_ conditionLock = (*Lock)(nil)
)

func (l *Lock) owned() bool           { return l.state.Lock.Holds(l.me) }
func (l *Lock) release() (levels int) { l.Unlock(); return 1 }
func (l *Lock) restore(int) error     { return l.LockContext(background) }

// NewCondition makes a condition over lock, or over a lock of its own if lock is nil, which then has the options
// too. Several conditions may share a lock. It panics, as make does, if the arena is full, and before Main; and if
// [Release] is given with a lock, as that is for NewLock to say.
func NewCondition(lock *Lock, opts ...Option) *Condition {
	c, err := newCondition(lock, opts)
	if err != nil {
		panic(err)
	}
	return c
}

func newCondition(lock *Lock, opts []Option) (*Condition, error) {
	a, err := family("NewCondition")
	if err != nil {
		return nil, err
	}
	s := settle(opts)
	switch {
	case lock == nil:
		if lock, err = newLock(opts); err != nil {
			return nil, err
		}
	case lock.hold == nil:
		panic("mp: NewCondition over a zero Lock: make it with NewLock")
	case s.policy != arena.PolicyAbandon:
		panic("mp: Release is an option of the lock: give it to NewLock")
	}
	lock.state.Conditions.Store(1)
	h, err := a.createCondition(s, "mp.Condition", lock.at)
	if err != nil {
		return nil, err
	}
	c := new(Condition)
	c.attach(h, lock)
	return c, nil
}

// createCondition makes the object; Go's type tells which kind of lock it is over.
func (a *Arena) createCondition(s settings, goType string, lock arena.Handle) (*hold, error) {
	return a.create(arena.ObjectSpec{
		Kind: arena.KindCondition, Name: s.name, Type: goType, Fingerprint: fingerprint(nil), Size: conditionSize,
		Init: func(o *arena.Object) { arena.NewConditionState(o, lock) },
	})
}

func (c *Condition) attach(h *hold, lock *Lock) {
	c.open(h, lock)
	collect(c, h)
}

func (c *Condition) open(h *hold, lock conditionLock) {
	c.hold, c.lock = h, lock
	c.state = arena.PayloadOf[arena.ConditionState](h.object)
	c.slot = arena.SlotOf(h.arena.in.Me())
	h.waiters.CompareAndSwap(nil, new(prim.Waiters))
}

// Lock locks the condition's lock, as [Lock.Lock].
func (c *Condition) Lock() { c.lock.Lock() }

// TryLock locks the condition's lock if it is free, as [Lock.TryLock].
func (c *Condition) TryLock() bool { return c.lock.TryLock() }

// LockContext locks the condition's lock, as [Lock.LockContext].
func (c *Condition) LockContext(ctx context.Context) error { return c.lock.LockContext(ctx) }

// Unlock unlocks the condition's lock, as [Lock.Unlock].
func (c *Condition) Unlock() { c.lock.Unlock() }

// Recover locks the condition's lock for one who can mend, as [Lock.Recover]. All who waited when the lock was
// abandoned have been told; waits that begin later know nothing of it.
func (c *Condition) Recover(ctx context.Context, mend func(died *OwnerDiedError) error) error {
	return c.lock.Recover(ctx, mend)
}

// LastDeath tells of the last process that died holding the condition's lock, as [Lock.LastDeath].
func (c *Condition) LastDeath() (died *OwnerDiedError, deaths int) { return c.lock.lastDeath() }

// Wait unlocks, sleeps until it is notified, and locks again: of an [RLock] all levels. It panics if this process, or
// Holder, does not hold the lock; and with *OwnerDiedError, without the lock, if a holder has died.
func (c *Condition) Wait() {
	if err := c.WaitContext(background); err != nil {
		panic(err)
	}
}

// WaitContext is Wait until ctx ends, and returns its error then: with the lock held, for which it waits as long as
// it takes. A notification that came before the end of ctx wins. Without the lock, at no level, are returned the errors
// that tell why it cannot be had again: *OwnerDiedError, and *DeadlockError if it was made with [DetectDeadlock].
func (c *Condition) WaitContext(ctx context.Context) error {
	_, err := c.wait(ctx)
	return err
}

// wait is WaitContext, and tells whether the lock is held.
func (c *Condition) wait(ctx context.Context) (held bool, err error) {
	c.mustOwn("Wait")
	waiters, state, p := c.waiters.Load(), &c.state.Condition, c.arena.in.Parker()
	me := waiters.Join(state, c.slot)
	levels := c.lock.release()
	err = waiters.Wait(ctx, state, c.slot, me, p)
	lost := c.lock.restore(levels)
	if err == nil {
		state.Consume(c.slot)
	}
	runtime.KeepAlive(c) // the object is there as long as a handle is
	if lost != nil {
		return false, lost
	}
	return true, err
}

func (c *Condition) mustOwn(verb string) {
	if !c.lock.owned() {
		who := "process"
		if c.of != nil {
			who = "Holder"
		}
		panic("mp: " + verb + " on a Condition whose lock this " + who + " does not hold")
	}
}

// WaitFor waits until ok is true. ok is called with the lock held, at once and after each notification.
func (c *Condition) WaitFor(ok func() bool) {
	for !ok() {
		c.Wait()
	}
}

// WaitForContext is WaitFor until ctx ends, and returns its error then unless ok is true: with the lock held. The errors
// that WaitContext returns without it, it does too.
func (c *Condition) WaitForContext(ctx context.Context, ok func() bool) error {
	for !ok() {
		held, err := c.wait(ctx)
		if err != nil {
			if held && ok() {
				return nil
			}
			return err
		}
	}
	return nil
}

// Notify ends n waits, or all if fewer wait; they go on when they get the lock. It panics if this process,
// or Holder, does not hold the lock.
func (c *Condition) Notify(n int) {
	c.mustOwn("Notify")
	c.state.Condition.Notify(n, c.arena.in.Top(), c.arena.in.Parker())
	runtime.KeepAlive(c)
}

// NotifyAll ends all waits. It panics as Notify does.
func (c *Condition) NotifyAll() {
	c.mustOwn("NotifyAll")
	c.state.Condition.NotifyAll(c.arena.in.Top(), c.arena.in.Parker())
	runtime.KeepAlive(c)
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (c *Condition) MarshalBinary() ([]byte, error) {
	if c.of != nil {
		return nil, errByDoesNotTravel
	}
	return c.marshal(arena.KindCondition)
}

// UnmarshalBinary makes c a handle of the condition that another process's MarshalBinary named.
func (c *Condition) UnmarshalBinary(b []byte) error {
	h, under, err := unmarshalCondition(b, arena.KindLock)
	if err != nil {
		return err
	}
	lock := new(Lock)
	lock.attach(under)
	c.attach(h, lock)
	return nil
}
