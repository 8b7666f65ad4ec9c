package tasks

import (
	"context"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// asleep is while a sleep is safe: without W nobody would wake us.
func asleep(now, _ uint32) bool { return now&waited != 0 }

// empty is while there is no message.
func empty(now, _ uint32) bool { return now == 0 }

func sleep(ctx context.Context, u *User, word *atomic.Uint32) error {
	failpoint.Hit("tasks: waiter announced")
	err := u.Parker.Park(ctx, word, waited, asleep)
	failpoint.Hit("tasks: woken")
	return err
}

// due says who is to be woken, and how many. It is made under the lock, and rung when that is free.
type due struct{ data, room, finished int }

// due looks at what a transaction has brought, and takes W from whoever it concerns. The lock is held.
func (q *Tasks) due(less bool) (d due) {
	if q.Data.Load() != 0 && (q.Len > 0 || q.Shut != open) {
		q.Data.Store(0)
		if d.data = 1; q.Shut != open {
			d.data = park.All // what one of them waits for may be what the others have in hand
		}
	}
	if q.Room.Load() != 0 && (less || q.Shut != open) {
		q.Room.Store(0)
		d.room = 1
	}
	if q.Finished.Load() != 0 && q.unfinished() == 0 {
		q.Finished.Store(0)
		d.finished = park.All
	}
	return d
}

func (q *Tasks) ring(p park.Parker, d due) {
	if d != (due{}) {
		failpoint.Hit("tasks: waking")
	}
	if d.data != 0 {
		p.Wake(&q.Data, d.data)
	}
	if d.room != 0 {
		p.Wake(&q.Room, d.room)
	}
	if d.finished != 0 {
		p.Wake(&q.Finished, d.finished)
	}
}

// change makes a change under the lock, and tells those whom it concerns.
func (q *Tasks) change(u *User, less bool, f func()) {
	q.Slab.Hold(u.User)
	q.ring(u.Parker, q.changed(u, less, f))
}

// changed gives the lock back, also if what lies there is corrupt.
func (q *Tasks) changed(u *User, less bool, f func()) due {
	defer q.Slab.Release(u.User)
	f()
	return q.due(less)
}

// handOn is for a consumer that has slept and leaves with nothing: others may sleep behind it, and puts that found no W
// have relied on it. Whoever wakes finds out itself whether there is anything.
func (q *Tasks) handOn(u *User) {
	failpoint.Hit("tasks: handing on")
	if q.Data.Load() == 0 {
		u.Parker.Wake(&q.Data, 1)
	}
}
