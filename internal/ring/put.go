package ring

import (
	"context"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/invariant"
	"github.com/multiproc/mp/internal/refusal"
)

// Put adds a message of any length, waiting for space until ctx ends. Killed in it, the message is there whole, or never was.
// Whoever comes while another sleeps for space waits behind it.
func (r *Ring) Put(ctx context.Context, u *User, msg []byte) error {
	m, err := r.wrap(u, msg)
	if err != nil {
		return err
	}
	if err = r.PutOne(ctx, u, m); err != nil {
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
	if err = r.TryPutOne(context.Background(), u, m); err != nil {
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

// PutOne puts a message, waiting for space until ctx ends. With an error its block is still in hand.
func (r *Ring) PutOne(ctx context.Context, u *User, m Message) error {
	return r.putOne(ctx, u, m, true)
}

// TryPutOne is PutOne that does not wait for space: ErrFull if there is none. ctx ends the wait for another that is just putting.
func (r *Ring) TryPutOne(ctx context.Context, u *User, m Message) error {
	return r.putOne(ctx, u, m, false)
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
		k, err := r.putInLine(ctx, u, msgs[n:])
		if n += k; err != nil {
			return n, err
		}
	}
	return n, nil
}

// Full tells whether there is no space now for a message of n bytes in a block. A ring that is shut is not full.
func (r *Ring) Full(u *User, n int) bool {
	return !r.Tail.shut() && !u.fits(r.Head.at(), r.Tail.at(), u.blockShape(n))
}

// putOne is put of one, all of it in a single function if nothing has to be waited for.
func (r *Ring) putOne(ctx context.Context, u *User, m Message, wait bool) error {
	if wait && r.lined() {
		return r.putInTurn(ctx, u, m)
	}
	if !r.enter(u, &r.T) {
		if err := r.enterSlow(ctx, u, &r.T, &u.spinT); err != nil {
			return err
		}
	}
	wake, ok := false, false
	tail, err := r.add(u, r.Tail.v.Load(), m)
	if err == nil {
		if wake, ok = r.commit(tail); !ok {
			err = r.shutOrCorrupt()
		}
	}
	r.unlock(u, &r.T)
	switch {
	case wake:
		r.wakeConsumers(u, 1)
	case wait && err == refusal.ErrFull:
		return r.putInTurn(ctx, u, m)
	}
	return err
}

// putInTurn puts a message for which there was no space.
func (r *Ring) putInTurn(ctx context.Context, u *User, m Message) error {
	for {
		if n, err := r.putInLine(ctx, u, []Message{m}); n > 0 || err != nil {
			return err
		}
		if !r.lined() {
			if err := r.putOne(ctx, u, m, false); err != refusal.ErrFull {
				return err
			}
		}
	}
}

// put puts as many as there is space for; ErrFull: there are more.
func (r *Ring) put(ctx context.Context, u *User, msgs []Message) (n int, err error) {
	if !r.enter(u, &r.T) {
		if err := r.enterSlow(ctx, u, &r.T, &u.spinT); err != nil {
			return 0, err
		}
	}
	n, wake, err := r.append(u, msgs)
	r.unlock(u, &r.T)
	if wake {
		r.wakeConsumers(u, n)
	}
	return n, err
}

func (r *Ring) wakeConsumers(u *User, n int) {
	failpoint.Hit("ring: waking a consumer")
	u.Parker.Wake(r.Tail.low(), n)
}

// append writes records, as many as fit, and moves Tail over them. T is held.
func (r *Ring) append(u *User, msgs []Message) (n int, wake bool, err error) {
	tail := r.Tail.v.Load()
	for _, m := range msgs {
		next, wrong := r.add(u, tail, m)
		if err = wrong; err != nil {
			break
		}
		tail = next
		n++
	}
	if n == 0 {
		return 0, false, err
	}
	wake, ok := r.commit(tail)
	if !ok {
		return 0, false, r.shutOrCorrupt()
	}
	return n, wake, err
}

// commit moves Tail over what was written, which is what puts the messages, unless the ring was shut. T is held.
func (r *Ring) commit(tail uint64) (wake, ok bool) {
	failpoint.Hit("ring: before put")
	if wake, ok = r.Tail.move(tail, true); ok {
		failpoint.Hit("ring: put")
	}
	return wake, ok
}

// add writes a record where Tail stands, or will, and a filler before it if it has to, and tells where the next one goes. ErrFull: there
// is no space for it. T is held.
func (r *Ring) add(u *User, tail uint64, m Message) (next uint64, err error) {
	s := u.shape(m)
	start, all := u.place(tail, s)
	if !u.room(r.HeadSeen, tail, all) || tail&shut != 0 {
		if err = r.space(u, tail, all); err != nil {
			return 0, err
		}
	}
	if start != tail {
		*r.word(u.index(tail)) = uint64(newHeader(filler, (all-s.all-1)*wordSize))
	}
	i := u.index(start)
	if m.block != 0 {
		r.name(u, i, s, m)
	} else {
		invariant.Check(len(m.Bytes) <= u.Largest(), "ring: a message that never fits")
		copy(r.bytes(u, i, uint64(len(m.Bytes))), m.Bytes)
		*r.word(i) = uint64(newHeader(message, uint64(len(m.Bytes))))
	}
	return past(start, s.all, 1), nil
}

// space is nil if there is so much space, now that Head is looked at, and the ring is not shut.
func (r *Ring) space(u *User, tail, all uint64) error {
	if tail&shut != 0 {
		return r.shutOrCorrupt()
	}
	head := r.Head.at()
	if err := u.apart(head, tail); err != nil {
		return r.condemn(u.Parker, err)
	}
	if r.HeadSeen = head; !u.room(head, tail, all) {
		return refusal.ErrFull
	}
	return nil
}

// name writes the record of a message in a block.
func (r *Ring) name(u *User, i uint64, s shape, m Message) {
	b, _ := u.Store.Block(m.block)
	b.Length = uint64(len(m.Bytes))
	*r.word(i + 1) = m.block
	*r.word(i) = uint64(newHeader(inBlock, (s.all-1)*wordSize))
	failpoint.Hit("ring: block named")
}

func (r *Ring) shutOrCorrupt() error {
	if r.Corrupt() {
		return r.refuse()
	}
	return refusal.ErrShutDown
}
