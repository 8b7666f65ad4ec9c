package ring

import (
	"context"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/refusal"
)

// Take copies the next message to the end of b and returns the longer slice, waiting for a message until ctx ends.
// ErrShutDown: the ring was shut and is empty. Killed in it, the message is still there, or was taken.
func (r *Ring) Take(ctx context.Context, u *User, b []byte) ([]byte, error) {
	m, err := r.TakeOne(ctx, u, b[len(b):])
	return r.unwrap(u, b, m), err
}

// TryTake is Take that does not wait for a message: ErrEmpty if there is none.
func (r *Ring) TryTake(u *User, b []byte) ([]byte, error) {
	m, err := r.TryTakeOne(context.Background(), u, b[len(b):])
	return r.unwrap(u, b, m), err
}

// unwrap adds a message to b. One that was copied to the room behind b is copied onto itself.
func (r *Ring) unwrap(u *User, b []byte, m Message) []byte {
	if len(b) == 0 && m.Bytes != nil && !m.Shared() {
		return m.Bytes
	}
	b = bulk.Append(b, m.Bytes)
	r.Release(u, m)
	return b
}

// TakeOne takes the next message, waiting for it until ctx ends. It is copied to the room behind b, or if that is not enough
// elsewhere; or it lies in a block, which is in this process's hand and goes back by Release. TryTakeOne before it is cheaper where
// there may be a message: who does not wait has no need to look at Tail, which costs the producer its cache line.
func (r *Ring) TakeOne(ctx context.Context, u *User, b []byte) (m Message, err error) {
	for slept := false; ; {
		seen := r.Tail.low().Load()
		if m, err = r.takeOne(ctx, u, b); err == refusal.ErrEmpty {
			if err = r.linger(ctx, u, seen, &slept); err == nil {
				continue
			}
		}
		if slept {
			r.HandOn(u)
		}
		return m, err
	}
}

// TryTakeOne is TakeOne that does not wait for a message: ErrEmpty if there is none. ctx ends the wait for another that is just
// taking one.
func (r *Ring) TryTakeOne(ctx context.Context, u *User, b []byte) (Message, error) {
	return r.takeOne(ctx, u, b)
}

// TakeMany is TakeOne for the next messages, at most len(msgs), by one move of Head. It copies at most 64 KiB, if they are more than
// one. Killed in it, all of them are still there, or were taken.
func (r *Ring) TakeMany(ctx context.Context, u *User, b []byte, msgs []Message) (n int, err error) {
	for slept := false; ; {
		seen := r.Tail.low().Load()
		if n, err = r.take(ctx, u, b, msgs); err == refusal.ErrEmpty {
			if err = r.linger(ctx, u, seen, &slept); err == nil {
				continue
			}
		}
		if slept {
			r.HandOn(u)
		}
		return n, err
	}
}

// linger waits while the ring is empty, and Tail as it was seen, and tells whether it has slept.
func (r *Ring) linger(ctx context.Context, u *User, seen uint32, slept *bool) error {
	if u.spinData.Until(r.Tail.low(), seen, park.Same) {
		return nil
	}
	*slept = true
	return r.awaitData(ctx, u)
}

// takeOne is take of one, apart: what b leads to may lie on the caller's stack.
func (r *Ring) takeOne(ctx context.Context, u *User, b []byte) (m Message, err error) {
	if !r.enter(u, &r.H) {
		if err := r.enterSlow(ctx, u, &r.H, &u.spinH); err != nil {
			return m, err
		}
	}
	wake, next := false, uint64(0)
	at := r.Head.at()
	if at == r.TailSeen {
		err = r.look(at)
	}
	if err == nil {
		if m, next, err = r.copyOut(u, at, b); err == nil {
			wake = r.pass(next)
		} else {
			err = r.condemn(u.Parker, err)
		}
	}
	r.unlock(u, &r.H)
	if wake || r.owed.Load() != 0 {
		r.taken(u, wake)
	}
	return m, err
}

func (r *Ring) take(ctx context.Context, u *User, b []byte, msgs []Message) (n int, err error) {
	if !r.enter(u, &r.H) {
		if err := r.enterSlow(ctx, u, &r.H, &u.spinH); err != nil {
			return 0, err
		}
	}
	n, wake, err := r.cut(u, b, msgs)
	r.unlock(u, &r.H)
	r.taken(u, wake)
	return n, err
}

// taken does what the next one must not wait for, now that H is free.
func (r *Ring) taken(u *User, wake bool) {
	if wake {
		failpoint.Hit("ring: waking a producer")
		u.Parker.Wake(r.Head.low(), 1)
	}
	if r.owed.Load() != 0 {
		r.Reclaim(u)
	}
}

// enough is how many bytes are copied at most before the others that wait for the lock have their turn.
const enough = 1 << 16

// cut copies the first messages out, or takes their blocks in hand, and moves Head over them. H is held.
func (r *Ring) cut(u *User, b []byte, msgs []Message) (n int, wake bool, err error) {
	at := r.Head.at()
	if at == r.TailSeen {
		if err := r.look(at); err != nil {
			return 0, false, err
		}
	}
	for room := enough; n < len(msgs) && at != r.TailSeen; n++ {
		m, next, err := r.copyOut(u, at, b)
		switch {
		case err != nil && n == 0:
			return 0, false, r.condemn(u.Parker, err)
		case err != nil || n > 0 && !m.Shared() && len(m.Bytes) > room:
			return n, r.pass(at), nil // those before it are what they were
		case !m.Shared():
			room -= len(m.Bytes)
			b = m.Bytes[len(m.Bytes):]
		}
		msgs[n], at = m, next
	}
	return n, r.pass(at), nil
}

// pass moves Head, which is what takes the messages. H is held.
func (r *Ring) pass(at uint64) (wake bool) {
	failpoint.Hit("ring: before take")
	wake, _ = r.Head.move(at, false)
	failpoint.Hit("ring: taken")
	return wake
}

// copyOut is the first message from a mark on, copied behind b or with its block in hand, and the mark behind it. H is held.
func (r *Ring) copyOut(u *User, at uint64, b []byte) (m Message, next uint64, err error) {
	left := words(at, r.TailSeen)
	h := header(*r.word(u.index(at)))
	if left > u.words || !u.stands(at, left, h) { // most often there is no filler
		if at, h, err = r.first(u, at, left); err != nil {
			return m, 0, err
		}
	}
	if h.kind() == inBlock {
		m, err = r.open(u, at)
	} else {
		m = Of(append(b, r.bytes(u, u.index(at), h.size())...)[len(b):])
	}
	return m, past(at, recordWords(h.size()), 1), err
}

// look looks at Tail, now that Head has come to where it was last seen: nil if there is a message. H is held.
func (r *Ring) look(at uint64) error {
	tail := r.Tail.v.Load()
	r.TailSeen = tail &^ flags
	switch {
	case at != r.TailSeen:
		return nil
	case tail&shut != 0:
		return r.shutOrCorrupt()
	}
	return refusal.ErrEmpty
}

// open takes the block that a record names in hand: it is ours when Head has passed the record.
func (r *Ring) open(u *User, start uint64) (Message, error) {
	at := *r.word(u.index(start) + 1)
	b, room := u.Store.Block(at)
	if b == nil || b.Ring != u.Number || b.Length > uint64(len(room)) {
		return Message{}, corrupt("a record at word %d of %d names a block at %#x, which is none", u.index(start), u.words, at)
	}
	n := b.Length
	b.Owner.Store(u.ID)
	failpoint.Hit("ring: block opened")
	return Message{room[:n:n], at}, nil
}
