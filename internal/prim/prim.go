// Package prim holds the state machines of the synchronisation primitives. A machine is a plain struct of
// words; it does not know whether it lies on a heap or in memory that several processes map. How a waiter
// sleeps is a park.Parker that the caller hands in, and so is the identity of the caller's process.
//
// What a process's death does to a machine is a method of the machine too (Died): whoever has proof that a
// process is gone calls it, once or several times, from any process.
package prim

import "errors"

var (
	// ErrAbandoned: the holder died with the lock, and nobody has mended what it guards.
	ErrAbandoned = errors.New("mp: the lock's holder died")
	// ErrNotHeld: an unlock of a lock that is free.
	ErrNotHeld = errors.New("mp: unlock of a lock that is not locked")
	// ErrNotHolder: an unlock of a lock that another process holds.
	ErrNotHolder = errors.New("mp: unlock of a lock that another process holds")

	// ErrTooManyPermits: a release that the permit word has no room for.
	ErrTooManyPermits = errors.New("mp: a semaphore has at most 2147483647 permits")
	// ErrOverBound: a release of permits that nobody holds.
	ErrOverBound = errors.New("mp: a BoundedSemaphore was released more often than it was acquired")
	// ErrOthersPermit: a release of permits that other processes hold.
	ErrOthersPermit = errors.New("mp: release of a BoundedSemaphore by a process that does not hold the permit")

	errNoPermit = errors.New("mp: no permit is left")
	// ErrNotParty: an unlock by a party that does not hold the lock.
	ErrNotParty = errors.New("mp: unlock by a Holder that does not hold the lock")
)
