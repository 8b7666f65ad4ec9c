package ring

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
)

// Take gives the bytes of the next message, waiting for one until ctx ends, with H held: the caller copies them out
// and calls Finish, and nothing else. Killed before that commits, the message is still there.
func (r *Ring) Take(ctx context.Context, u *User) (msg []byte, err error) {
	w := waiter{r: r, u: u, word: &r.Data, moves: r.Tail.low(), spin: &u.spinData}
	for {
		w.look()
		msg, err := r.TryTake(ctx, u)
		if err == ErrEmpty {
			if err = w.await(ctx); err == nil {
				continue
			}
		}
		if err != nil {
			w.leave()
		}
		return msg, err
	}
}

// TryTake is Take that does not wait for a message: ErrEmpty.
func (r *Ring) TryTake(ctx context.Context, u *User) (msg []byte, err error) {
	if err := lock(ctx, u, &r.H, &u.spinH); err != nil {
		return nil, err
	}
	h, ok := r.next()
	if !ok {
		shut := r.Shut.Load()
		empty := r.Head.v.Load() == r.Tail.v.Load()
		unlock(u, &r.H)
		if shut == dropped || shut == closed && empty {
			return nil, ErrShutDown
		}
		return nil, ErrEmpty
	}
	return r.bytes(r.index(r.Head.v.Load()), h.size()), nil
}

// next moves head to the first record that is not done with. ok is false if there is none, or if its producer is not
// ready: those behind it wait for it.
func (r *Ring) next() (h header, ok bool) {
	for {
		head := r.Head.v.Load()
		if head == r.TailSeen {
			if r.TailSeen = r.Tail.v.Load(); head == r.TailSeen {
				return 0, false
			}
		}
		switch h = header(r.header(head).Load()); h.state() {
		case ready:
			return h, true
		case reserved:
			return 0, false
		case taken, done, skip:
			r.moveHead(head, h)
		default:
			panic("mp: corrupt arena: a record of a queue that was never written")
		}
	}
}

// moveHead passes the record at head, and gives its space back if nothing before it is in use.
func (r *Ring) moveHead(head uint64, h header) {
	next := h.past(head)
	release(&r.Head.v, next)
	if h.state() == taken {
		return
	}
	if r.Free.v.Load() == head {
		release(&r.Free.v, next)
	}
}

// Finish takes the message that Take gave, and unlocks H.
func (r *Ring) Finish(u *User) {
	head := r.Head.v.Load()
	word := r.header(head)
	h := header(word.Load()).as(done)
	failpoint.Hit("ring: before get")
	release(word, uint64(h))
	failpoint.Hit("ring: got")
	r.moveHead(head, h)
	r.unlockH(u)
	r.wake(u, &r.Space)
}

// unlockH lets others take. Whoever has taken a message may stand between a sleeper and the next.
func (r *Ring) unlockH(u *User) {
	unlock(u, &r.H)
	if r.Data.Load() == asleep && r.any() {
		failpoint.Hit("ring: passing on")
		r.wake(u, &r.Data)
	}
}
