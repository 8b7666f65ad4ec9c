package ring

import (
	"context"
	"errors"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/invariant"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/refusal"
)

// Put adds a message of at most Largest bytes, waiting for space until ctx ends. Killed in it, the message is there
// whole, or never was. Whoever comes while another sleeps for space waits behind it.
func (r *Ring) Put(ctx context.Context, u *User, msg []byte) error {
	for {
		if !r.lined() {
			if err := r.put(ctx, u, msg); err != refusal.ErrFull {
				return err
			}
		}
		if first, err := r.lineUp(ctx, u); err != nil {
			return err
		} else if first {
			return r.putFirst(ctx, u, msg)
		}
	}
}

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
	tick, cancel := context.WithTimeout(ctx, park.Tick)
	defer cancel()
	failpoint.Hit("ring: in line")
	switch err := r.lock(tick, u, &r.Line, &u.spinLine); {
	case err == nil:
		return true, nil
	case errors.Is(err, refusal.ErrCorrupt):
		return false, err
	}
	return false, ctx.Err()
}

// putFirst is Put for who holds Line, and gives it back.
func (r *Ring) putFirst(ctx context.Context, u *User, msg []byte) error {
	defer r.unlock(u, &r.Line)
	failpoint.Hit("ring: first in line")
	for {
		seen := r.Head.low().Load()
		err := r.put(ctx, u, msg)
		if err != refusal.ErrFull {
			return err
		}
		if u.spinSpace.Until(r.Head.low(), seen, park.Same) {
			continue
		}
		if err := r.awaitSpace(ctx, u, recordWords(uint64(len(msg)))); err != nil {
			return err
		}
	}
}

// TryPut is Put that does not wait for space: ErrFull if there is none. It does not mind who stands in line.
func (r *Ring) TryPut(u *User, msg []byte) error { return r.put(context.Background(), u, msg) }

func (r *Ring) put(ctx context.Context, u *User, msg []byte) error {
	invariant.Check(len(msg) <= u.Largest(), "ring: a message that never fits")
	if r.Corrupt() {
		return r.refuse()
	}
	if err := r.lock(ctx, u, &r.T, &u.spinT); err != nil {
		return err
	}
	wake, err := r.append(u, msg)
	r.unlock(u, &r.T)
	if wake {
		failpoint.Hit("ring: waking a consumer")
		u.parker.Wake(r.Tail.low(), 1)
	}
	return err
}

// append writes a record and moves Tail over it. T is held.
func (r *Ring) append(u *User, msg []byte) (wake bool, err error) {
	if r.Tail.shut() {
		return false, r.shutOrCorrupt()
	}
	tail, size := r.Tail.at(), uint64(len(msg))
	n := recordWords(size)
	if !u.fits(r.HeadSeen, tail, n) {
		head := r.Head.at()
		if err := u.apart(head, tail); err != nil {
			return false, r.condemn(u.parker, err)
		}
		if r.HeadSeen = head; !u.fits(head, tail, n) {
			return false, refusal.ErrFull
		}
	}
	start, all := u.place(tail, n)
	if start != tail {
		*r.word(u.index(tail)) = uint64(newHeader(filler, (all-n-1)*wordSize))
	}
	i := u.index(start)
	copy(r.bytes(u, i, size), msg)
	*r.word(i) = uint64(newHeader(message, size))
	failpoint.Hit("ring: before put")
	wake, ok := r.Tail.move(past(start, n, 1), true)
	if !ok {
		return false, r.shutOrCorrupt()
	}
	failpoint.Hit("ring: put")
	return wake, nil
}

func (r *Ring) shutOrCorrupt() error {
	if r.Corrupt() {
		return r.refuse()
	}
	return refusal.ErrShutDown
}

func (r *Ring) lock(ctx context.Context, u *User, l *prim.Lock, spin *park.Spin) error {
	if l.TryLock(u.me) {
		return nil
	}
	if err := r.stray(u, l); err != nil {
		return err
	}
	if err := l.LockSlow(ctx, u.me, u.parker, spin); err != nil {
		return r.wrongLock(u, err)
	}
	return nil
}

// unlock has no error: what was done under the lock is done.
func (r *Ring) unlock(u *User, l *prim.Lock) {
	if l.Unlock(u.me) {
		return
	}
	if err := l.UnlockSlow(u.me, u.parker); err != nil {
		free(l, u.parker)
		_ = r.condemn(u.parker, err) // whoever comes next is told
	}
}
