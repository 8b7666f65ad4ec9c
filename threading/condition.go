package threading

import (
	"context"
	"math"
	"sync"

	"github.com/multiproc/mp/internal/prim"
)

// Condition is a lock with a place to wait for what it guards to change: Python's threading.Condition. The zero
// Condition is ready, over a lock of its own; L is set before the first use to share a lock, of any kind. A
// Condition must not be copied after first use.
//
// A Wait that was not cancelled returns on account of one Notify, never without: but whoever gets the lock before it
// may change what was waited for, so WaitFor is what is wanted mostly. Waiters are released in the order in which they came.
// In the terms of the Go memory model the lock is what orders; Notify adds nothing to it.
//
// It is sync.Cond with waits that a context can end and Notify(n), at about the same cost. Between processes
// mp.Condition does the same, and knows of their deaths.
type Condition struct {
	// L is held whenever what is waited for is looked at or changed, and while Wait, Notify and their like are
	// called. nil is a lock of the Condition's own. A [Holder] is one goroutine's: for others with theirs there is
	// RCondition.
	L sync.Locker

	own    Lock
	line   prim.Line
	of     *RCondition // whose By has made the Condition; its line counts
	levels int         // of L, while a wait has let go of it
}

var _ sync.Locker = (*Condition)(nil)

const (
	errWait   = "threading: Wait on a Condition whose lock is not locked"
	errNotify = "threading: Notify on a Condition whose lock is not locked"
)

// lock is what a wait does with the lock.
func (c *Condition) lock() prim.Saver {
	if c.L == nil {
		return (*ownLock)(c)
	}
	if _, ok := c.L.(nested); ok {
		return (*nestedLock)(c)
	}
	return (*otherLock)(c)
}

func (c *Condition) owned() bool {
	if c.L == nil {
		return c.own.state.Holds(me)
	}
	if l, ok := c.L.(nested); ok {
		return l.Depth() > 0
	}
	return (*otherLock)(c).owned()
}

// waiters is who waits on the condition.
func (c *Condition) waiters() *prim.Line {
	if c.of != nil {
		return &c.of.line
	}
	return &c.line
}

// ownLock is a Condition over its own lock, seen as that: no wrapper, which would be garbage at each wait.
type ownLock Condition

func (c *ownLock) Release() { c.own.Unlock() }
func (c *ownLock) Restore() { c.own.Lock() }

// otherLock is a Condition over L.
type otherLock Condition

// owned takes the lock to see that it is not held, as Python does. A lock that cannot be tried counts as held.
func (c *otherLock) owned() bool {
	l, ok := c.L.(interface{ TryLock() bool })
	if !ok || !l.TryLock() {
		return true
	}
	c.L.Unlock()
	return false
}

func (c *otherLock) Release() { c.L.Unlock() }
func (c *otherLock) Restore() { c.L.Lock() }

// Lock locks the condition's lock.
func (c *Condition) Lock() {
	if c.L != nil {
		c.L.Lock()
		return
	}
	c.own.Lock()
}

// Unlock unlocks the condition's lock.
func (c *Condition) Unlock() {
	if c.L != nil {
		c.L.Unlock()
		return
	}
	c.own.Unlock()
}

// TryLock locks the condition's lock if it is free and tells whether it did. It panics if L has no TryLock.
func (c *Condition) TryLock() bool {
	switch l := c.L.(type) {
	case nil:
		return c.own.TryLock()
	case interface{ TryLock() bool }:
		return l.TryLock()
	}
	panic("threading: TryLock of a Condition over a lock that has none")
}

// LockContext is Lock until ctx ends, and returns its error then. It panics if L has no LockContext.
func (c *Condition) LockContext(ctx context.Context) error {
	switch l := c.L.(type) {
	case nil:
		return c.own.LockContext(ctx)
	case interface{ LockContext(context.Context) error }:
		return l.LockContext(ctx)
	}
	panic("threading: LockContext of a Condition over a lock that has none")
}

// Wait unlocks, sleeps until it is notified, and locks again: of an RLock all levels. It panics if the lock is not held.
func (c *Condition) Wait() {
	if !c.owned() {
		panic(errWait)
	}
	c.waiters().Wait(c.lock())
}

// WaitContext is Wait until ctx ends, and returns its error then: with the lock held, for which it waits
// as long as it takes. A notification that came before the end of ctx wins.
func (c *Condition) WaitContext(ctx context.Context) error {
	if !c.owned() {
		panic(errWait)
	}
	return c.waiters().WaitContext(ctx, c.lock())
}

// WaitFor waits until ok is true. ok is called with the lock held, at once and after each notification.
func (c *Condition) WaitFor(ok func() bool) {
	for !ok() {
		c.Wait()
	}
}

// WaitForContext is WaitFor until ctx ends, and returns its error then unless ok is true: with the lock held.
func (c *Condition) WaitForContext(ctx context.Context, ok func() bool) error {
	for !ok() {
		if err := c.WaitContext(ctx); err != nil {
			if ok() {
				return nil
			}
			return err
		}
	}
	return nil
}

// Notify ends the waits of the n goroutines that have waited longest, or of all if fewer wait; they go on when they get the
// lock. It panics if the lock is not held. With nobody waiting it costs a few nanoseconds.
func (c *Condition) Notify(n int) {
	if !c.owned() {
		panic(errNotify)
	}
	c.waiters().Grant(n)
}

// NotifyAll ends the waits of all that wait.
func (c *Condition) NotifyAll() { c.Notify(math.MaxInt) }
