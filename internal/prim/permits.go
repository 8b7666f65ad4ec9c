package prim

import (
	"context"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// The permit word: a Semaphore's only one, and the low half of a Bounded's.
//
//	bits 0–30      permits left
//	bit  31     W  somebody may sleep; beside 0 permits only
//
// So it is a number, or W. Whoever adds permits to W takes W away and wakes as many sleepers as there are permits.
// From then on nobody else wakes anybody: it is for those who were woken to set W again, when they take the last permit or
// find none, and to wake one more if they leave permits behind. So a release makes a system call only if somebody sleeps
// and nobody is on its way.
//
// A process that is killed or stopped between the two is made good by Died, which wakes all, or by the parker's
// tick: who sleeps beside a word that is not W is not blocked.
const (
	permitSleepers uint32 = 1 << 31
	permitMask     uint32 = permitSleepers - 1
)

// noPermits is while a look may pay, permitsAwaited while a sleep is safe: without W nobody would wake us.
func noPermits(now, _ uint32) bool      { return now&permitMask == 0 }
func permitsAwaited(now, _ uint32) bool { return now == permitSleepers }

// lessOne is the word after one permit was taken. Who has slept may have others behind it.
func lessOne(v uint32, slept bool) uint32 {
	if v == 1 && slept {
		return permitSleepers
	}
	return v - 1
}

// awaitPermit takes a permit with take, which returns what it has left, sleeping on w while there is none. take is told
// whether we have slept.
func awaitPermit(ctx context.Context, w *atomic.Uint32, p park.Parker, spin *park.Spin, take func(slept bool) (left uint32, err error)) error {
	for slept := false; ; {
		left, err := take(slept)
		if err == nil {
			failpoint.Hit("permit: taken")
			if slept && left > 0 {
				p.Wake(w, 1) // releases have relied on us since we were woken
			}
			return nil
		}
		if err != errNoPermit {
			return leavePermits(w, p, err)
		}
		if spin.Until(w, 0, noPermits) {
			continue
		}
		if w.Load() != permitSleepers && !w.CompareAndSwap(0, permitSleepers) {
			continue
		}
		failpoint.Hit("permit: waiter announced")
		err = p.Park(ctx, w, permitSleepers, permitsAwaited)
		failpoint.Hit("permit: woken")
		if err != nil {
			return leavePermits(w, p, err)
		}
		slept = true
	}
}

// leavePermits leaves without a permit. We may be the one who was woken: hand the wake-up on, or leave W for the next release.
func leavePermits(w *atomic.Uint32, p park.Parker, err error) error {
	for {
		failpoint.Hit("permit: giving up")
		switch v := w.Load(); {
		case v == permitSleepers:
			return err
		case v != 0:
			p.Wake(w, 1)
			return err
		case w.CompareAndSwap(0, permitSleepers):
			return err
		}
	}
}
