package ring

import (
	"context"
	"errors"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/refusal"
)

// lined tells whether there is no room for the first in line. One that is on its way keeps nobody from putting: it may be
// stopped.
func (r *Ring) lined() bool {
	id, _ := r.Line.HeldBy()
	return id != 0 && r.Head.v.Load()&flags == waited
}

// lineUp takes Line, or gives up after a tick: if the first in line is stopped, there may be room.
func (r *Ring) lineUp(ctx context.Context, u *User) (first bool, err error) {
	if r.Line.TryLock(u.me) {
		return true, nil
	}
	if u.left.Load() {
		return false, ErrLeft
	}
	tick, cancel := context.WithTimeout(ctx, park.Tick)
	defer cancel()
	failpoint.Hit("ring: in line")
	switch err := r.lockSlow(tick, u, &r.Line, &u.spinLine); {
	case err == nil:
		return true, nil
	case errors.Is(err, refusal.ErrCorrupt):
		return false, err
	}
	return false, ctx.Err()
}

// putInLine waits in line and puts messages, as many as there is space for when it is its turn. 0: it has to try again.
func (r *Ring) putInLine(ctx context.Context, u *User, msgs []Message) (n int, err error) {
	if first, err := r.lineUp(ctx, u); err != nil || !first {
		return 0, err
	}
	return r.putFirst(ctx, u, msgs)
}

// putFirst is for who holds Line, and gives it back when some are put: it is another's turn then.
func (r *Ring) putFirst(ctx context.Context, u *User, msgs []Message) (n int, err error) {
	defer r.unlock(u, &r.Line)
	failpoint.Hit("ring: first in line")
	for {
		seen := r.Head.low().Load()
		if n, err = r.put(ctx, u, msgs); n > 0 && err == refusal.ErrFull {
			return n, nil
		} else if err != refusal.ErrFull {
			return n, err
		}
		if u.spinSpace.Until(r.Head.low(), seen, park.Same) {
			r.giveWay()
			continue
		}
		if err := r.awaitSpace(ctx, u, u.shape(msgs[0])); err != nil {
			return 0, err
		}
	}
}

// plenty messages keep the consumers busy for longer than so many looks of a respite.
const (
	plenty  = 64
	respite = 128
)

// giveWay lets the consumers go on for a moment, if they have plenty to do: each look at Head takes its cache line away from
// them, and is not worth the room for a single message.
func (r *Ring) giveWay() {
	if r.Len() >= plenty {
		park.Pause(respite)
	}
}
