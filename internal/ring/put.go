package ring

import (
	"context"
	"errors"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/invariant"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/refusal"
)

// Put adds a message of any length, waiting for space until ctx ends. Killed in it, the message is there whole, or never was.
// Whoever comes while another sleeps for space waits behind it.
func (r *Ring) Put(ctx context.Context, u *User, msg []byte) error {
	m, err := r.wrap(u, msg)
	if err != nil {
		return err
	}
	if _, err = r.PutMany(ctx, u, []Message{m}); err != nil {
		r.Release(u, m)
	}
	return err
}

// TryPut is Put that does not wait for space: ErrFull if there is none. It does not mind who stands in line.
func (r *Ring) TryPut(u *User, msg []byte) error {
	if len(msg) > u.Largest() && r.Full(u, len(msg)) {
		return refusal.ErrFull // which is what filling a block would find out
	}
	m, err := r.wrap(u, msg)
	if err != nil {
		return err
	}
	if _, err = r.TryPutMany(context.Background(), u, []Message{m}); err != nil {
		r.Release(u, m)
	}
	return err
}

// wrap has a long message copied to a block.
func (r *Ring) wrap(u *User, msg []byte) (Message, error) {
	if len(msg) <= u.Largest() {
		return Of(msg), nil
	}
	m, err := r.Hold(u, len(msg))
	if err == nil {
		bulk.Copy(m.Bytes, msg)
	}
	return m, err
}

// PutMany puts messages one behind the other, as many as there is space for by one move of Tail, and waits for space for the rest
// until ctx ends. It tells how many were put: the blocks of the others are still in hand. Killed in it, so many of the first
// are there.
func (r *Ring) PutMany(ctx context.Context, u *User, msgs []Message) (n int, err error) {
	for n < len(msgs) {
		if !r.lined() {
			k, err := r.put(ctx, u, msgs[n:])
			if n += k; err != refusal.ErrFull {
				return n, err
			}
		}
		first, err := r.lineUp(ctx, u)
		if err != nil {
			return n, err
		}
		if first {
			k, err := r.putFirst(ctx, u, msgs[n:])
			if n += k; err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// TryPutMany is PutMany that does not wait for space: ErrFull if it is not enough for all. ctx ends the wait for another that is
// just putting.
func (r *Ring) TryPutMany(ctx context.Context, u *User, msgs []Message) (n int, err error) {
	return r.put(ctx, u, msgs)
}

// Full tells whether there is no space now for a message of n bytes in a block. A ring that is shut is not full.
func (r *Ring) Full(u *User, n int) bool {
	return !r.Tail.shut() && !u.fits(r.Head.at(), r.Tail.at(), u.blockShape(n))
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

// putFirst is PutMany for who holds Line, and gives it back when some are put: it is another's turn then.
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
			continue
		}
		if err := r.awaitSpace(ctx, u, u.shape(msgs[0])); err != nil {
			return 0, err
		}
	}
}

// put puts as many as there is space for; ErrFull: there are more.
func (r *Ring) put(ctx context.Context, u *User, msgs []Message) (n int, err error) {
	if r.Corrupt() {
		return 0, r.refuse()
	}
	if !r.T.TryLock(u.me) {
		if err := r.lockSlow(ctx, u, &r.T, &u.spinT); err != nil {
			return 0, err
		}
	}
	n, wake, err := r.append(u, msgs)
	if !r.T.Unlock(u.me) {
		r.unlockSlow(u, &r.T)
	}
	if wake {
		failpoint.Hit("ring: waking a consumer")
		u.Parker.Wake(r.Tail.low(), n)
	}
	return n, err
}

// append writes records, as many as fit, and moves Tail over them. T is held.
func (r *Ring) append(u *User, msgs []Message) (n int, wake bool, err error) {
	if r.Tail.shut() {
		return 0, false, r.shutOrCorrupt()
	}
	from := r.Tail.at()
	tail := from
	for _, m := range msgs {
		s := u.shape(m)
		if err = r.space(u, tail, s); err != nil {
			break
		}
		tail = r.write(u, tail, s, m)
		n++
	}
	if tail == from {
		return 0, false, err
	}
	failpoint.Hit("ring: before put")
	wake, ok := r.Tail.move(tail, true)
	if !ok {
		return 0, false, r.shutOrCorrupt()
	}
	failpoint.Hit("ring: put")
	return n, wake, err
}

// space is nil if there is space for a record.
func (r *Ring) space(u *User, tail uint64, s shape) error {
	if u.fits(r.HeadSeen, tail, s) {
		return nil
	}
	head := r.Head.at()
	if err := u.apart(head, tail); err != nil {
		return r.condemn(u.Parker, err)
	}
	if r.HeadSeen = head; !u.fits(head, tail, s) {
		return refusal.ErrFull
	}
	return nil
}

// write writes a record for which there is space, and a filler before it if it has to, and tells where the next one goes.
func (r *Ring) write(u *User, tail uint64, s shape, m Message) (next uint64) {
	start, all := u.place(tail, s)
	if start != tail {
		*r.word(u.index(tail)) = uint64(newHeader(filler, (all-s.all-1)*wordSize))
	}
	i := u.index(start)
	if m.block != 0 {
		b, _ := u.Store.Block(m.block)
		b.Length = uint64(len(m.Bytes))
		*r.word(i + 1) = m.block
		*r.word(i) = uint64(newHeader(inBlock, (s.all-1)*wordSize))
		failpoint.Hit("ring: block named")
	} else {
		invariant.Check(len(m.Bytes) <= u.Largest(), "ring: a message that never fits")
		bulk.Copy(r.bytes(u, i, uint64(len(m.Bytes))), m.Bytes)
		*r.word(i) = uint64(newHeader(message, uint64(len(m.Bytes))))
	}
	return past(start, s.all, 1)
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
	return r.lockSlow(ctx, u, l, spin)
}

func (r *Ring) lockSlow(ctx context.Context, u *User, l *prim.Lock, spin *park.Spin) error {
	if err := r.stray(u, l); err != nil {
		return err
	}
	if err := l.LockSlow(ctx, u.me, u.Parker, spin); err != nil {
		return r.wrongLock(u, err)
	}
	return nil
}

// unlock has no error: what was done under the lock is done.
func (r *Ring) unlock(u *User, l *prim.Lock) {
	if !l.Unlock(u.me) {
		r.unlockSlow(u, l)
	}
}

func (r *Ring) unlockSlow(u *User, l *prim.Lock) {
	if err := l.UnlockSlow(u.me, u.Parker); err != nil {
		free(l, u.Parker)
		_ = r.condemn(u.Parker, err) // whoever comes next is told
	}
}
