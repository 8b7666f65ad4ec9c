// Package refusal has the errors of queues that cannot do what they are asked, wherever they lie. They stand
// below all queues, so that those between goroutines and those between processes answer the same; users know them
// by the names that package queue gives them.
package refusal

import "errors"

// The answers. What is asked of a queue can have at most one of them as its cause, compared by errors.Is.
var (
	ErrEmpty    = errors.New("queue: empty")
	ErrFull     = errors.New("queue: full")
	ErrShutDown = errors.New("queue: shut down")
	ErrCorrupt  = errors.New("mp: shared memory was written over") // of those between processes alone
)
