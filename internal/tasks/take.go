package tasks

import (
	"context"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/refusal"
	"github.com/multiproc/mp/internal/sys"
)

// want is what a consumer asks for.
type want struct {
	pull     []byte // what it pulls is copied behind it
	at       uint64 // the cell of what it got in hand
	slept    bool   // for it
	announce bool   // it will sleep if there is nothing
}

// Take gets the next message in hand, waiting for one until ctx ends, and tells its cell. ErrShutDown: the queue was shut,
// nothing waits, and nothing can come back: nothing is in hand, or this process has something in hand itself, and so is
// none to wait for what others have. Killed in it, the message waits, or was in hand and waits again.
func (q *Tasks) Take(ctx context.Context, u *User) (at uint64, err error) {
	var w want
	err = q.await(ctx, u, &w)
	return w.at, err
}

// TryTake is Take that does not wait for a message: ErrEmpty if there is none.
func (q *Tasks) TryTake(u *User) (at uint64, err error) {
	var w want
	err = q.look(context.Background(), u, &w)
	return w.at, err
}

// Pull takes the next message away and copies it to the end of b, waiting for one until ctx ends. Killed in it, the message
// waits, or was taken.
func (q *Tasks) Pull(ctx context.Context, u *User, b []byte) ([]byte, error) {
	w := want{pull: b}
	err := q.await(ctx, u, &w)
	return w.pull, err
}

// TryPull is Pull that does not wait for a message: ErrEmpty if there is none.
func (q *Tasks) TryPull(u *User, b []byte) ([]byte, error) {
	w := want{pull: b}
	err := q.look(context.Background(), u, &w)
	return w.pull, err
}

func (q *Tasks) await(ctx context.Context, u *User, w *want) error {
	for {
		err := q.look(ctx, u, w)
		switch {
		case err != nil && err != refusal.ErrEmpty && w.slept:
			q.handOn(u)
			return err
		case err != refusal.ErrEmpty:
			return err
		case !w.announce:
			// What the spin sees, or not, is looked at again: W is only set by who has looked under the lock.
			w.announce = !u.spinData.Until(q.low(), 0, empty)
			continue
		}
		err = sleep(ctx, u, &q.Data)
		w.slept, w.announce = true, false
		if err != nil {
			q.handOn(u)
			return err
		}
	}
}

func (q *Tasks) look(ctx context.Context, u *User, w *want) error {
	now := int64(0)
	if u.Hand != nil {
		now = sys.Monotonic()
	}
	if err := q.Slab.HoldContext(ctx, u.User); err != nil {
		return err
	}
	d, err := q.takeAndLeave(u, w, now)
	q.ring(u.Parker, d)
	return err
}

// takeAndLeave gives the lock back, also if what lies there is corrupt.
func (q *Tasks) takeAndLeave(u *User, w *want, now int64) (d due, err error) {
	defer q.Slab.Release(u.User)
	err = q.take(u, w, now)
	switch {
	case err == nil:
		if d = q.due(true); w.slept && q.Len > 0 {
			d.data = max(d.data, 1)
		} else if w.slept && q.Shut == open {
			q.Data.Store(waited)
		}
	case err == refusal.ErrEmpty && w.announce:
		q.Data.Store(waited)
	}
	return d, err
}

// take takes the first message. The lock is held.
func (q *Tasks) take(u *User, w *want, now int64) error {
	switch {
	case q.Len > 0:
	case q.Shut == open || u.Hand != nil && *u.Hand == 0 && q.unfinished() > 0:
		return refusal.ErrEmpty
	default:
		return refusal.ErrShutDown
	}
	t := q.Slab.Begin(u.User)
	w.at = q.cut(&t, u)
	if u.Hand != nil {
		u.hand(&t, w.at, now)
	} else {
		w.pull = bulk.Append(w.pull, u.whole(w.at)[entrySize:])
		t.Give(w.at)
		q.gone(&t)
	}
	t.Commit()
	failpoint.Hit("tasks: taken")
	return nil
}
