package threading

import (
	"context"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// BoundedSemaphore is a [Semaphore] that never has more permits than it was made with: Python's
// threading.BoundedSemaphore. A release of a permit that was not acquired panics. The zero BoundedSemaphore has no permits.
//
// It costs what Semaphore does. Between processes mp.BoundedSemaphore does the same, and takes permits back from the dead.
type BoundedSemaphore struct {
	state prim.Bounded
	spin  park.Spin
}

// heapSlot is that of all goroutines of this process: on the heap there is no other process.
const heapSlot = 0

// NewBoundedSemaphore makes a semaphore. It panics if permits is negative, or more than 4,194,303.
func NewBoundedSemaphore(permits int) *BoundedSemaphore {
	s := new(BoundedSemaphore)
	s.state.Init(must(prim.Permits(permits, prim.MaxBound)))
	return s
}

func (s *BoundedSemaphore) seat() *prim.Seat {
	return &prim.Seat{Slot: heapSlot, Me: me, Parker: &park.Heap, Spin: &s.spin}
}

// Acquire takes a permit, waiting as long as it takes.
func (s *BoundedSemaphore) Acquire() {
	if !s.state.Acquire(heapSlot) {
		_ = s.acquireSlow(background) // without an end of the context there is no error
	}
}

// AcquireContext is Acquire until ctx ends, and returns its error then. A permit that is there is taken even if ctx has ended.
func (s *BoundedSemaphore) AcquireContext(ctx context.Context) error {
	if s.state.Acquire(heapSlot) {
		return nil
	}
	return s.acquireSlow(ctx)
}

func (s *BoundedSemaphore) acquireSlow(ctx context.Context) error {
	return s.state.AcquireSlow(ctx, s.seat())
}

// TryAcquire takes a permit if there is one and tells whether it did.
func (s *BoundedSemaphore) TryAcquire() bool {
	return s.state.Acquire(heapSlot) || s.state.TryAcquireSlow(s.seat())
}

// Release gives a permit back. It panics if none was acquired.
func (s *BoundedSemaphore) Release() {
	if !s.state.Release(heapSlot) {
		s.releaseSlow(1)
	}
}

// ReleaseN gives n permits back at once: Python's release(n). It panics, and gives none back, if fewer were acquired, and
// if n is less than 1.
func (s *BoundedSemaphore) ReleaseN(n int) { s.releaseSlow(must(prim.Released(n))) }

func (s *BoundedSemaphore) releaseSlow(n uint32) {
	if err := s.state.ReleaseSlow(n, s.seat()); err != nil {
		panic(err)
	}
}

// Value is the number of permits left, which may be another by the time it is used.
func (s *BoundedSemaphore) Value() int { return int(s.state.Value()) }
