package tasks

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
)

// Done is the end of a message that this process has in hand.
func (q *Tasks) Done(u *User, at uint64) {
	q.change(u, false, func() { q.retire(u, at) })
}

// retire is Done under the lock.
func (q *Tasks) retire(u *User, at uint64) {
	t := q.Slab.Begin(u.User)
	u.unhand(&t, at)
	t.Give(at)
	q.gone(&t)
	t.Commit()
	failpoint.Hit("tasks: done")
}

// PutBack gives a message back that this process has in hand: it waits again, before all that were never delivered.
func (q *Tasks) PutBack(u *User, at uint64) {
	q.change(u, false, func() { q.giveBack(u, 0, at) })
}

// giveBack is PutBack under the lock. from is where the search for its place may begin.
func (q *Tasks) giveBack(u *User, from, at uint64) {
	if q.Shut == dropping {
		q.retire(u, at)
		return
	}
	t := q.Slab.Begin(u.User)
	u.unhand(&t, at)
	q.insert(&t, u, q.place(u, from, u.entry(at).Number), at)
	t.Commit()
	failpoint.Hit("tasks: given back")
}

// Join waits until all that was put is done, or was at some moment meanwhile, or ctx ends.
func (q *Tasks) Join(ctx context.Context, u *User) error {
	for turn, began := uint64(0), false; ; began = true {
		if err := q.Slab.HoldContext(ctx, u.User); err != nil {
			return err
		}
		if !began {
			turn = q.Zeros
		}
		done := q.unfinished() == 0 || q.Zeros != turn
		if !done {
			q.Finished.Store(waited)
		}
		q.Slab.Release(u.User)
		if done {
			return nil
		}
		if err := sleep(ctx, u, &q.Finished); err != nil {
			return err
		}
	}
}
