package threading

import (
	"context"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// Semaphore is a number of permits for goroutines: Python's threading.Semaphore. The zero Semaphore has none. It must not
// be copied after first use. Nobody owns a permit: any goroutine may release one, also one that nobody acquired. Release
// synchronizes before the Acquire that gets the permit.
//
// It is a buffered channel whose bound can be exceeded, at about half the cost uncontended. It is not fair. Between
// processes mp.Semaphore does the same.
type Semaphore struct {
	state prim.Semaphore
	spin  park.Spin
}

// NewSemaphore makes a semaphore. It panics if permits is negative, or more than 2,147,483,647.
func NewSemaphore(permits int) *Semaphore {
	s := new(Semaphore)
	s.state.Init(must(prim.Permits(permits, prim.MaxPermits)))
	return s
}

// must gives a count, or panics: a wrong one is a misuse.
func must(n uint32, err error) uint32 {
	if err != nil {
		panic(err)
	}
	return n
}

// Acquire takes a permit, waiting as long as it takes.
func (s *Semaphore) Acquire() {
	if !s.state.Acquire() {
		_ = s.acquireSlow(background) // without an end of the context there is no error
	}
}

// AcquireContext is Acquire until ctx ends, and returns its error then. A permit that is there is taken even if ctx has ended.
func (s *Semaphore) AcquireContext(ctx context.Context) error {
	if s.state.Acquire() {
		return nil
	}
	return s.acquireSlow(ctx)
}

func (s *Semaphore) acquireSlow(ctx context.Context) error {
	return s.state.AcquireSlow(ctx, &park.Heap, &s.spin)
}

// TryAcquire takes a permit if there is one and tells whether it did.
func (s *Semaphore) TryAcquire() bool { return s.state.Acquire() || s.state.TryAcquireSlow() }

// Release adds a permit. It panics if there would be more than 2,147,483,647.
func (s *Semaphore) Release() {
	if !s.state.Release() {
		s.releaseSlow(1)
	}
}

// ReleaseN adds n permits at once: Python's release(n). It panics as Release does, and if n is less than 1.
func (s *Semaphore) ReleaseN(n int) { s.releaseSlow(must(prim.Released(n))) }

func (s *Semaphore) releaseSlow(n uint32) {
	if err := s.state.ReleaseSlow(n, &park.Heap); err != nil {
		panic(err)
	}
}

// Value is the number of permits left, which may be another by the time it is used.
func (s *Semaphore) Value() int { return int(s.state.Value()) }
