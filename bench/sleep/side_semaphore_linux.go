package main

import (
	"context"
	"sync/atomic"

	"github.com/multiproc/mp/internal/park"
)

// semaphore is the smallest algorithm that sleeps by a parker: the count in the word, in bit 31 that somebody may
// sleep. A word has one waiter here, so it takes the bit away with the permit: nobody else can need it.
type semaphore struct {
	mine, peer *atomic.Uint32
	parker     park.Parker
	looks      int        // at the word, before parking
	spin       *park.Spin // nil: looks
}

const somebody = 1 << 31

func noPermit(now, _ uint32) bool { return now&^somebody == 0 }

func newSemaphore(t *table, p park.Parker) *semaphore {
	return &semaphore{mine: t.mem.word(wordBall + t.role), peer: t.mem.word(wordBall + 1 - t.role), parker: p}
}

// futex plays over the bare futex.
func futex(t *table) (side, error) { return newSemaphore(t, bare{}), nil }

func politely(t *table) (side, error) { return newSemaphore(t, polite{}), nil }

func looking(looks int) func(*table) (side, error) {
	return func(t *table) (side, error) {
		s := newSemaphore(t, bare{})
		s.looks = looks
		return s, nil
	}
}

func parked(t *table) (side, error) { return newSemaphore(t, newParker(t.mem, t.role)), nil }

func spinning(t *table) (side, error) {
	s := newSemaphore(t, newParker(t.mem, t.role))
	s.spin = new(park.Spin)
	return s, nil
}

// overflowing fills the parker's places in the kernel first, so that it has to use its dispatcher.
func overflowing(t *table) (side, error) {
	p := newParker(t.mem, t.role)
	fill(t.mem, p, t.role)
	return newSemaphore(t, p), nil
}

func (s *semaphore) hand() error {
	if s.peer.Add(1)&somebody != 0 {
		s.parker.Wake(s.peer, 1)
	}
	return nil
}

func (s *semaphore) wait() error {
	for {
		v := s.mine.Load()
		if !noPermit(v, 0) {
			if s.mine.CompareAndSwap(v, (v-1)&^somebody) {
				return nil
			}
			continue
		}
		if s.look(v) {
			continue
		}
		if v == 0 && !s.mine.CompareAndSwap(0, somebody) {
			continue
		}
		if err := s.parker.Park(context.Background(), s.mine, somebody, noPermit); err != nil {
			return err
		}
	}
}

// look tells whether a permit came within the looks. v is what the word was.
func (s *semaphore) look(v uint32) bool {
	if s.spin != nil {
		return s.spin.Until(s.mine, v, noPermit)
	}
	for range s.looks {
		pause()
		if !noPermit(s.mine.Load(), v) {
			return true
		}
	}
	return false
}
