package tasks

import (
	"context"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/invariant"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/refusal"
)

// Put adds a message of at most Largest bytes, waiting for room until ctx ends. Killed in it, the message is there whole,
// or never was. Whoever comes while another sleeps for room waits behind it. An error of the slab's Source is none of the
// queue: there is no memory.
func (q *Tasks) Put(ctx context.Context, u *User, msg []byte) error {
	for {
		if !q.lined() {
			if err := q.put(ctx, u, msg, false); err != refusal.ErrFull {
				return err
			}
		}
		if first, err := q.lineUp(ctx, u); err != nil {
			return err
		} else if first {
			return q.putFirst(ctx, u, msg)
		}
	}
}

// TryPut is Put that does not wait for room: ErrFull if there is none. It does not mind who stands in line.
func (q *Tasks) TryPut(u *User, msg []byte) error { return q.put(context.Background(), u, msg, false) }

// lined tells whether there is no room for the first in line. One that is on its way keeps nobody from putting: it may be
// stopped.
func (q *Tasks) lined() bool {
	id, _ := q.Line.HeldBy()
	return id != 0 && q.Room.Load() != 0
}

// lineUp takes Line, or gives up after a tick: if the first in line is stopped, there may be room.
func (q *Tasks) lineUp(ctx context.Context, u *User) (first bool, err error) {
	if q.Line.TryLock(u.Me) {
		return true, nil
	}
	tick, cancel := context.WithTimeout(ctx, park.Tick)
	defer cancel()
	failpoint.Hit("tasks: in line")
	if q.Line.LockSlow(tick, u.Me, u.Parker, &u.spinLine) == nil {
		return true, nil
	}
	return false, ctx.Err()
}

// putFirst is Put for who holds Line, and gives it back.
func (q *Tasks) putFirst(ctx context.Context, u *User, msg []byte) error {
	defer q.leaveLine(u)
	failpoint.Hit("tasks: first in line")
	for announce := false; ; announce = !announce {
		seen := q.low().Load()
		if err := q.put(ctx, u, msg, announce); err != refusal.ErrFull {
			return err
		}
		if !announce {
			u.spinRoom.Until(q.low(), seen, park.Same)
		} else if err := sleep(ctx, u, &q.Room); err != nil {
			return err
		}
	}
}

func (q *Tasks) leaveLine(u *User) {
	if !q.Line.Unlock(u.Me) {
		if err := q.Line.UnlockSlow(u.Me, u.Parker); err != nil {
			panic("mp: corrupt arena: a lock of a queue: " + err.Error())
		}
	}
}

func (q *Tasks) put(ctx context.Context, u *User, msg []byte, announce bool) error {
	invariant.Check(uint64(len(msg)) <= q.Largest(), "tasks: a message that never fits")
	if err := q.Slab.HoldContext(ctx, u.User); err != nil {
		return err
	}
	d, err := q.appendAndLeave(u, msg, announce)
	q.ring(u.Parker, d)
	return err
}

// appendAndLeave gives the lock back, also if what lies there is corrupt.
func (q *Tasks) appendAndLeave(u *User, msg []byte, announce bool) (d due, err error) {
	defer q.Slab.Release(u.User)
	err = q.append(u, msg)
	switch {
	case err == nil:
		d = q.due(false)
	case err == refusal.ErrFull && announce:
		q.Room.Store(waited)
	}
	return d, err
}

// append adds a message behind all others. The lock is held.
func (q *Tasks) append(u *User, msg []byte) error {
	n := uint64(len(msg))
	switch {
	case q.Shut != open:
		return refusal.ErrShutDown
	case !q.fits(n):
		return refusal.ErrFull
	}
	t, err := q.Slab.Make(u.User, entrySize+n)
	if err != nil {
		return err
	}
	b := t.Bytes()
	*entryIn(b) = Entry{Number: q.Puts + 1}
	bulk.Copy(b[entrySize:], msg)
	q.insert(&t, u, q.Last, t.Cell())
	t.Set(&q.Puts, q.Puts+1)
	t.Commit()
	failpoint.Hit("tasks: put")
	return nil
}
