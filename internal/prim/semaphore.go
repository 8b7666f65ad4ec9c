package prim

import (
	"context"
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// MaxPermits is how many permits a Semaphore can have.
const MaxPermits = int64(permitMask)

// Semaphore is a number of permits: 4 bytes, the permit word; zero is none left.
//
// Acquire commits by the CAS from n to n−1, Release by that from n to n+1. Nobody owns a permit: whoever acquired it, any
// process may release it, and what a dead process had acquired is gone.
type Semaphore struct {
	_    structs.HostLayout
	word atomic.Uint32
}

// Init sets the permits, before anybody else knows of the semaphore.
func (s *Semaphore) Init(permits uint32) { s.word.Store(permits) }

// Value is the number of permits left.
func (s *Semaphore) Value() uint32 { return s.word.Load() & permitMask }

// Waited tells whether somebody may sleep.
func (s *Semaphore) Waited() bool { return s.word.Load() == permitSleepers }

// Acquire takes a permit if there is one and nobody else comes between. It inlines: one CAS.
func (s *Semaphore) Acquire() bool {
	v := s.word.Load()
	return v-1 < permitMask && s.word.CompareAndSwap(v, v-1) // of 0 and W, v-1 is no less
}

// TryAcquireSlow takes a permit if there is one.
func (s *Semaphore) TryAcquireSlow() bool {
	_, err := s.take(false)
	return err == nil
}

// AcquireSlow takes a permit, waiting if it must, or returns ctx's error. If there is a permit the end of ctx does not matter:
// success wins.
func (s *Semaphore) AcquireSlow(ctx context.Context, p park.Parker, spin *park.Spin) error {
	return awaitPermit(ctx, &s.word, p, spin, s.take)
}

func (s *Semaphore) take(slept bool) (left uint32, err error) {
	for {
		v := s.word.Load()
		if v&permitMask == 0 {
			return 0, errNoPermit
		}
		failpoint.Hit("semaphore: taking")
		if s.word.CompareAndSwap(v, lessOne(v, slept)) {
			return v - 1, nil
		}
	}
}

// Release adds a permit if nobody sleeps and nobody else comes between. It inlines: one CAS.
func (s *Semaphore) Release() bool {
	v := s.word.Load()
	return v < permitMask && s.word.CompareAndSwap(v, v+1)
}

// ReleaseSlow adds n permits and wakes sleepers, or returns ErrTooManyPermits and has done nothing.
func (s *Semaphore) ReleaseSlow(n uint32, p park.Parker) error {
	for {
		v := s.word.Load()
		if n > permitMask-v&permitMask {
			return ErrTooManyPermits
		}
		failpoint.Hit("semaphore: releasing")
		if !s.word.CompareAndSwap(v, v&permitMask+n) {
			continue
		}
		failpoint.Hit("semaphore: released")
		if v == permitSleepers {
			p.Wake(&s.word, int(n))
		}
		return nil
	}
}

// Died wakes all sleepers: one of them may have been woken by the dead, or the dead in its place.
func (s *Semaphore) Died(p park.Parker) { p.Wake(&s.word, park.All) }
