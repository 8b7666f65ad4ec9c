package ring

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// Put adds a message, waiting for space until ctx ends. Killed in it, the message is there whole, or never was.
func (r *Ring) Put(ctx context.Context, u *User, msg []byte) error {
	w := r.waitsForSpace(u, len(msg))
	for {
		w.look()
		err := r.put(ctx, u, msg)
		if err == ErrFull {
			if err = w.await(ctx); err == nil {
				continue
			}
		}
		w.leave()
		return err
	}
}

// TryPut is Put that does not wait: ErrFull.
func (r *Ring) TryPut(u *User, msg []byte) error { return r.put(context.Background(), u, msg) }

func (r *Ring) put(ctx context.Context, u *User, msg []byte) error {
	start, err := r.begin(ctx, u, len(msg))
	if err != nil {
		return err
	}
	i, h := r.index(start), newHeader(ready, len(msg))
	copy(r.bytes(i, uint64(len(msg))), msg)
	release(r.word(i), uint64(h))
	failpoint.Hit("ring: before put")
	release(&r.Tail.v, h.past(start))
	failpoint.Hit("ring: put")
	unlock(u, &r.T)
	r.wake(u, &r.Data)
	return nil
}

// begin finds a place for a message of n bytes, and leaves T locked. ErrFull without.
func (r *Ring) begin(ctx context.Context, u *User, n int) (start uint64, err error) {
	if n > r.Largest() {
		return 0, &SizeError{Size: n, Most: r.Largest()}
	}
	if err := lock(ctx, u, &r.T, &u.spinT); err != nil {
		return 0, err
	}
	tail := r.Tail.v.Load()
	start, all := r.place(tail, recordWords(uint64(n)))
	ok := r.fits(r.FreeSeen, tail, all)
	if !ok {
		r.FreeSeen = r.Free.v.Load()
		ok = r.fits(r.FreeSeen, tail, all)
	}
	switch {
	case r.Shut.Load() != open:
		err = ErrShutDown
	case !ok:
		err = ErrFull
	case start != tail:
		release(r.header(tail), uint64(r.filler(tail)))
	}
	if err != nil {
		unlock(u, &r.T)
	}
	return start, err
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
