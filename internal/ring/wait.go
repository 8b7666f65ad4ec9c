package ring

import (
	"context"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// waiter waits until there is a message to take (needs = 0), or room for a record of needs words.
//
//	look    remembers what moves when others have been there
//	await   spins while that stands still; then announces itself in word, looks once more, and sleeps
//	leave   hands the wake-up on, if it may have been meant for others too
type waiter struct {
	r     *Ring
	u     *User
	word  *atomic.Uint32 // Data or Space
	moves *atomic.Uint32
	seen  uint32
	spin  *park.Spin
	needs uint64
	slept bool
}

func (r *Ring) waitsForSpace(u *User, size int) waiter {
	return waiter{r: r, u: u, word: &r.Space, moves: r.Free.low(), spin: &u.spinSpace, needs: recordWords(uint64(size))}
}

func (w *waiter) look() { w.seen = w.moves.Load() }

func (w *waiter) await(ctx context.Context) error {
	if !w.slept && w.spin.Until(w.moves, w.seen, park.Same) {
		return nil
	}
	w.word.Store(asleep)
	failpoint.Hit("ring: waiter announced")
	if w.moved() {
		return nil
	}
	err := w.u.Parker.Park(ctx, w.word, asleep, sleeping)
	failpoint.Hit("ring: woken")
	// Whoever woke us has cleared it, and others may sleep.
	w.word.Store(asleep)
	w.slept = true
	return err
}

// moved tells, without a lock, whether it is worth another try.
func (w *waiter) moved() bool {
	if w.needs == 0 {
		return w.r.any()
	}
	tail := w.r.Tail.v.Load()
	_, all := w.r.place(tail, w.needs)
	return w.r.Shut.Load() != open || w.r.fits(w.r.Free.v.Load(), tail, all)
}

// leave: whoever announced itself and found what it wanted after all, or was woken, or gives up, may stand between a
// sleeper and a wake-up.
func (w *waiter) leave() {
	if w.word.Load() == asleep && w.moved() {
		failpoint.Hit("ring: passing on")
		w.r.wake(w.u, w.word)
	}
}

// any tells whether there is something to take, or to be told.
func (r *Ring) any() bool {
	if r.Shut.Load() != open {
		return true
	}
	for {
		head := r.Head.v.Load()
		if head == r.Tail.v.Load() {
			return false
		}
		h := header(r.header(head).Load())
		if r.Head.v.Load() == head { // else it was another's by then, and may be anything
			return h.state() != reserved
		}
	}
}

// wake wakes one of those that sleep on Data or Space.
func (r *Ring) wake(u *User, word *atomic.Uint32) {
	if word.Load() == asleep && word.CompareAndSwap(asleep, 0) {
		failpoint.Hit("ring: waking")
		u.Parker.Wake(word, 1)
	}
}
