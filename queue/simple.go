package queue

import "context"

// SimpleQueue is a queue that is never full and never shut down: Python's queue.SimpleQueue, for where nothing else is
// wanted, first in, first out. The zero SimpleQueue is ready; it must not be copied after first use. All else is as
// with Queue.
//
// Put never waits, so it may be called where waiting is not allowed; memory is the limit.
type SimpleQueue[T any] struct{ q Queue[T] }

// NewSimple makes a SimpleQueue.
func NewSimple[T any]() *SimpleQueue[T] { return new(SimpleQueue[T]) }

// Put puts v. Its error is always nil; it is there so that a SimpleQueue is put to as a Queue is.
func (s *SimpleQueue[T]) Put(v T) error { return s.q.TryPut(v) }

// Get gets the next item, waiting for one as long as it takes. Its error is always nil.
func (s *SimpleQueue[T]) Get() (T, error) { return s.q.Get() }

// GetContext is Get until ctx ends, and returns ctx's error then: nothing was got. If there is an item the end of ctx
// does not matter.
func (s *SimpleQueue[T]) GetContext(ctx context.Context) (T, error) { return s.q.GetContext(ctx) }

// TryGet gets the next item if there is one now, or returns ErrEmpty.
func (s *SimpleQueue[T]) TryGet() (T, error) { return s.q.TryGet() }

// Len is how many items could be got now.
func (s *SimpleQueue[T]) Len() int { return s.q.Len() }
