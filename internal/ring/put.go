package ring

import (
	"context"
	"fmt"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// Put adds a message, waiting for space until ctx ends. Killed in it, the message is there whole, or was never.
func (r *Ring) Put(ctx context.Context, u *User, msg []byte) error {
	w := waiter{r: r, u: u, word: &r.Space, moves: r.Free.low(), spin: &u.spinSpace, needs: recordWords(uint64(len(msg)))}
	for {
		w.look()
		err := r.tryPut(ctx, u, msg)
		if err == ErrFull {
			err = w.await(ctx)
			if err == nil {
				continue
			}
		}
		w.leave()
		return err
	}
}

// TryPut is Put that does not wait: ErrFull.
func (r *Ring) TryPut(u *User, msg []byte) error { return r.tryPut(context.Background(), u, msg) }

func (r *Ring) tryPut(ctx context.Context, u *User, msg []byte) error {
	if len(msg) > r.Largest() {
		return fmt.Errorf("mp: a message of %d bytes, and the queue's ring takes at most %d", len(msg), r.Largest())
	}
	if err := lock(ctx, u, &r.T, &u.spinT); err != nil {
		return err
	}
	if r.Shut.Load() != open {
		unlock(u, &r.T)
		return ErrShutDown
	}
	tail := r.Tail.v.Load()
	start, all := r.place(tail, recordWords(uint64(len(msg))))
	ok := r.fits(r.FreeSeen, tail, all)
	if !ok {
		r.FreeSeen = r.Free.v.Load()
		ok = r.fits(r.FreeSeen, tail, all)
	}
	if !ok {
		unlock(u, &r.T)
		return ErrFull
	}
	if start != tail {
		release(r.header(tail), uint64(r.filler(tail)))
	}
	i := r.index(start)
	h := newHeader(ready, len(msg))
	copy(r.bytes(i, uint64(len(msg))), msg)
	release(r.word(i), uint64(h))
	failpoint.Hit("ring: before put")
	release(&r.Tail.v, h.past(start))
	failpoint.Hit("ring: put")
	unlock(u, &r.T)
	r.wake(u, &r.Data)
	return nil
}

// place is where a record of n words goes. Where it would be split, a filler comes first, and start is behind
// it: both are in the ring only when tail has passed them. all is what they take together, in words.
func (r *Ring) place(tail, n uint64) (start, all uint64) {
	if toEnd := r.Size/wordSize - r.index(tail); toEnd < n {
		return r.filler(tail).past(tail), toEnd + n
	}
	return tail, n
}

// filler is the record that fills the ring from tail to its end.
func (r *Ring) filler(tail uint64) header {
	return newHeader(skip, int((r.Size/wordSize-r.index(tail)-1)*wordSize)) | filler
}

func (r *Ring) fits(free, tail, n uint64) bool {
	return words(free, tail)+n <= r.Size/wordSize && count(free, tail) < r.Most
}

func lock(ctx context.Context, u *User, l *prim.Lock, spin *park.Spin) error {
	if l.TryLock(u.Me) {
		return nil
	}
	return l.LockSlow(ctx, u.Me, u.Parker, spin)
}

func unlock(u *User, l *prim.Lock) {
	if !l.Unlock(u.Me) {
		if err := l.UnlockSlow(u.Me, u.Parker); err != nil {
			panic(err)
		}
	}
}
