package ring

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
)

// Place is a record in one process's hand: reserved and to be written, or taken and being looked at.
type Place struct {
	Bytes []byte // in the ring itself
	Times int    // of one that was taken: how often it was given out before
	mark  uint64
}

// Reserve takes a place for a message of n bytes, waiting for space until ctx ends. The caller fills it without any
// lock and calls Commit or Abort. Those behind it wait for that; killed before, it is passed over.
func (r *Ring) Reserve(ctx context.Context, u *User, n int) (p Place, err error) {
	w := r.waitsForSpace(u, n)
	for {
		w.look()
		p, err = r.reserve(ctx, u, n)
		if err == ErrFull {
			if err = w.await(ctx); err == nil {
				continue
			}
		}
		w.leave()
		return p, err
	}
}

func (r *Ring) reserve(ctx context.Context, u *User, n int) (Place, error) {
	start, err := r.begin(ctx, u, n)
	if err != nil {
		return Place{}, err
	}
	h := newHeader(reserved, n).by(u.Slot)
	release(r.header(start), uint64(h))
	failpoint.Hit("ring: before reserve")
	release(&r.Tail.v, h.past(start))
	failpoint.Hit("ring: reserved")
	unlock(u, &r.T)
	return Place{Bytes: r.bytes(r.index(start), uint64(n)), mark: start}, nil
}

// Commit makes a reserved message one that can be taken.
func (r *Ring) Commit(u *User, p Place) { r.settle(u, p, ready) }

// Abort gives a reserved place up: consumers pass it over.
func (r *Ring) Abort(u *User, p Place) { r.settle(u, p, skip) }

func (r *Ring) settle(u *User, p Place, state uint64) {
	h := newHeader(state, len(p.Bytes))
	failpoint.Hit("ring: before commit")
	r.header(p.mark).Store(uint64(h))
	failpoint.Hit("ring: committed")
	r.wake(u, &r.Data)
}

// Peek takes the next message without copying it, waiting for one until ctx ends. Its space is given back by Release;
// killed before that, it is given out again, with Times one higher.
func (r *Ring) Peek(ctx context.Context, u *User) (Place, error) {
	msg, err := r.Take(ctx, u)
	if err != nil {
		return Place{}, err
	}
	mark := r.Head.v.Load()
	h := header(r.header(mark).Load())
	failpoint.Hit("ring: before peek")
	release(r.header(mark), uint64(h.as(taken).by(u.Slot)))
	failpoint.Hit("ring: peeked")
	r.moveHead(mark, h.as(taken))
	r.unlockH(u)
	return Place{Bytes: msg, Times: int(h.times()), mark: mark}, nil
}

// Release ends a look at a message.
func (r *Ring) Release(u *User, p Place) {
	word := r.header(p.mark)
	failpoint.Hit("ring: before release")
	word.Store(uint64(header(word.Load()).as(done)))
	failpoint.Hit("ring: released")
	if lock(context.Background(), u, &r.H, &u.spinH) == nil {
		r.collect()
		r.unlockH(u)
		r.wake(u, &r.Space)
	}
}

// collect gives back the space of all records up to the first that is in use. H is held.
func (r *Ring) collect() {
	for free := r.Free.v.Load(); free != r.Head.v.Load(); {
		h := header(r.header(free).Load())
		if s := h.state(); s != done && s != skip {
			return
		}
		free = h.past(free)
		release(&r.Free.v, free)
		failpoint.Hit("ring: collecting")
	}
}
