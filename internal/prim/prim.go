// Package prim holds the state machines of the synchronisation primitives. A machine is a plain struct of
// words; it does not know whether it lies on a heap or in memory that several processes map. How a waiter
// sleeps is a park.Parker that the caller hands in, and so is the identity of the caller's process.
//
// What a process's death does to a machine is a method of the machine too (Died): whoever has proof that a
// process is gone calls it, once or several times, from any process.
package prim

import (
	"context"
	"errors"
)

var (
	// ErrAbandoned: the holder died with the lock, and nobody has mended what it guards.
	ErrAbandoned = errors.New("mp: the lock's holder died")
	// ErrNotHeld: an unlock of a lock that is free.
	ErrNotHeld = errors.New("mp: unlock of a lock that is not locked")
	// ErrNotHolder: an unlock of a lock that another process holds.
	ErrNotHolder = errors.New("mp: unlock of a lock that another process holds")
)

// background is for waits that nothing ends.
var background = context.Background()
