package ring

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/refusal"
)

// Take copies the next message to the end of b and returns the longer slice, waiting for a message until ctx ends.
// ErrShutDown: the ring was shut and is empty. Killed in it, the message is still there, or was taken.
func (r *Ring) Take(ctx context.Context, u *User, b []byte) ([]byte, error) {
	for slept := false; ; {
		seen := r.Tail.low().Load()
		out, err := r.take(ctx, u, b)
		if err == refusal.ErrEmpty {
			if u.spinData.Until(r.Tail.low(), seen, park.Same) {
				continue
			}
			if err = r.awaitData(ctx, u); err == nil {
				slept = true
				continue
			}
			slept = true
		}
		if slept {
			r.handOn(u)
		}
		return out, err
	}
}

// TryTake is Take that does not wait for a message: ErrEmpty if there is none.
func (r *Ring) TryTake(u *User, b []byte) ([]byte, error) { return r.take(context.Background(), u, b) }

func (r *Ring) take(ctx context.Context, u *User, b []byte) ([]byte, error) {
	if r.Corrupt() {
		return b, r.refuse()
	}
	if err := r.lock(ctx, u, &r.H, &u.spinH); err != nil {
		return b, err
	}
	b, wake, err := r.cut(u, b)
	r.unlock(u, &r.H)
	if wake {
		failpoint.Hit("ring: waking a producer")
		u.parker.Wake(r.Head.low(), 1)
	}
	return b, err
}

// cut copies the first message out and moves Head over it. H is held.
func (r *Ring) cut(u *User, b []byte) (out []byte, wake bool, err error) {
	at := r.Head.at()
	if at == r.TailSeen {
		tail := r.Tail.v.Load()
		r.TailSeen = tail &^ flags
		switch {
		case at != r.TailSeen:
		case tail&shut != 0:
			return b, false, r.shutOrCorrupt()
		default:
			return b, false, refusal.ErrEmpty
		}
	}
	start, h, err := r.first(u, at, words(at, r.TailSeen))
	if err != nil {
		return b, false, r.condemn(u.parker, err)
	}
	b = append(b, r.bytes(u, u.index(start), h.size())...)
	failpoint.Hit("ring: before take")
	wake, _ = r.Head.move(past(start, recordWords(h.size()), 1), false)
	failpoint.Hit("ring: taken")
	return b, wake, nil
}
