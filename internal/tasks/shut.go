package tasks

import (
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/redo"
)

// Shutdown ends the queue: no more messages come in. Those that are there can be got, unless drop. Killed in it, the queue is
// shut or not; what was to be dropped, the sweep drops.
func (q *Tasks) Shutdown(u *User, drop bool) {
	q.change(u, true, func() {
		how := uint64(shut)
		if drop {
			how = dropping
		}
		t := q.Slab.Begin(u.User)
		t.Set(&q.Shut, max(q.Shut, how))
		t.Commit()
		failpoint.Hit("tasks: shut")
		if drop {
			q.dropAll(u)
		}
		q.Data.Store(waited) // also those are told that rely on one that a put has woken: it may not find W again
	})
}

// dropAll drops what waits. The lock is held.
func (q *Tasks) dropAll(u *User) {
	for q.First != 0 {
		t := q.Slab.Begin(u.User)
		t.Give(q.cut(&t, u))
		q.gone(&t)
		t.Commit()
		failpoint.Hit("tasks: dropped")
	}
}

// Died frees what a dead process held, gives back what it had in hand, and wakes all sleepers: one of them may have been woken
// by the dead, or the dead in its place. u is the sweeper's, with the hand of the dead; lock is its way of taking a lock.
// The caller has the proof of death; it may call it again for the same one.
func (q *Tasks) Died(id uint32, u *User, lock func(*prim.Lock)) {
	q.Unlatch(id, u.Memory, u.Parker)
	if u.Hand != nil && *u.Hand != 0 || q.Shut == dropping {
		lock(&q.Slab.Lock)
		q.orphansAndLeave(u)
	}
	q.Data.Store(0)
	q.Room.Store(0)
	q.Finished.Store(0)
	failpoint.Hit("tasks: swept")
	q.ring(u.Parker, due{park.All, park.All, park.All})
}

// Unlatch frees the locks of a dead process, and ends what it had begun under them.
func (q *Tasks) Unlatch(id uint32, m redo.Memory, p park.Parker) {
	q.Slab.Died(id, m, p)
	q.Line.Died(id, p, func() {})
}

// orphansAndLeave gives the lock back, also if what lies there is corrupt.
func (q *Tasks) orphansAndLeave(u *User) {
	defer q.Slab.Leave(u.User)
	failpoint.Hit("tasks: sweeping")
	q.orphans(u)
	if q.Shut == dropping {
		q.dropAll(u)
	}
}

// orphans gives back what a dead process had in hand, the oldest first: so the search for the place of each one goes on where
// that of the one before it has ended. The lock is held.
func (q *Tasks) orphans(u *User) {
	if u.Hand == nil || *u.Hand == 0 {
		return
	}
	at, n := q.oldest(u)
	for from := uint64(0); at != 0; n-- {
		if n == 0 {
			corrupt("what a process has in hand is linked in one way only")
		}
		prev := u.entry(at).Prev
		q.giveBack(u, from, at)
		at, from = prev, at // which, if it was dropped, nobody looks at
	}
}

// oldest is the message that a process has in hand longest, and how many it has. It has one.
func (q *Tasks) oldest(u *User) (at uint64, n uint64) {
	at, n = *u.Hand, 1
	for next := u.Cell(at).Next; next != 0; next = u.Cell(at).Next {
		if at = next; n == q.unfinished()-q.Len {
			corrupt("more messages are in hand than %d", n)
		}
		n++
	}
	return at, n
}
