package ring

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/refusal"
)

// Take copies the next message to the end of b and returns the longer slice, waiting for a message until ctx ends.
// ErrShutDown: the ring was shut and is empty. Killed in it, the message is still there, or was taken.
func (r *Ring) Take(ctx context.Context, u *User, b []byte) ([]byte, error) {
	var one [1]Message
	_, err := r.TakeMany(ctx, u, b[len(b):], one[:])
	return r.unwrap(u, b, one[0]), err
}

// TryTake is Take that does not wait for a message: ErrEmpty if there is none.
func (r *Ring) TryTake(u *User, b []byte) ([]byte, error) {
	var one [1]Message
	_, err := r.TryTakeMany(context.Background(), u, b[len(b):], one[:])
	return r.unwrap(u, b, one[0]), err
}

// unwrap adds a message to b. One that was copied to the room behind b is copied onto itself.
func (r *Ring) unwrap(u *User, b []byte, m Message) []byte {
	if len(b) == 0 && m.Bytes != nil && !m.Shared() {
		return m.Bytes
	}
	b = append(b, m.Bytes...)
	r.Release(u, m)
	return b
}

// TakeMany takes the next messages, at most len(msgs), waiting for the first one until ctx ends, by one move of Head. It copies
// at most 64 KiB, to the room behind b, or if that is not enough elsewhere. Blocks are in this process's hand, and go back by
// Release. Killed in it, all of them are still there, or were taken.
func (r *Ring) TakeMany(ctx context.Context, u *User, b []byte, msgs []Message) (n int, err error) {
	for slept := false; ; {
		seen := r.Tail.low().Load()
		n, err := r.take(ctx, u, b, msgs)
		if err == refusal.ErrEmpty {
			if u.spinData.Until(r.Tail.low(), seen, park.Same) {
				continue
			}
			if err = r.awaitData(ctx, u); err == nil {
				slept = true
				continue
			}
			slept = true
		}
		if slept {
			r.HandOn(u)
		}
		return n, err
	}
}

// TryTakeMany is TakeMany that does not wait for a message: ErrEmpty if there is none. ctx ends the wait for another that is just
// taking one.
func (r *Ring) TryTakeMany(ctx context.Context, u *User, b []byte, msgs []Message) (n int, err error) {
	return r.take(ctx, u, b, msgs)
}

func (r *Ring) take(ctx context.Context, u *User, b []byte, msgs []Message) (n int, err error) {
	if r.Corrupt() {
		return 0, r.refuse()
	}
	if err := r.lock(ctx, u, &r.H, &u.spinH); err != nil {
		return 0, err
	}
	n, wake, err := r.cut(u, b, msgs)
	r.unlock(u, &r.H)
	if wake {
		failpoint.Hit("ring: waking a producer")
		u.Parker.Wake(r.Head.low(), 1)
	}
	if r.owed.Load() != 0 {
		r.Reclaim(u)
	}
	return n, err
}

// enough is how many bytes are copied at most before the others that wait for the lock have their turn.
const enough = 1 << 16

// cut copies the first messages out, or takes their blocks in hand, and moves Head over them. H is held.
func (r *Ring) cut(u *User, b []byte, msgs []Message) (n int, wake bool, err error) {
	from, err := r.some()
	if err != nil {
		return 0, false, err
	}
	at, before := from, len(b)
	for n < len(msgs) && at != r.TailSeen {
		start, h, err := r.first(u, at, words(at, r.TailSeen))
		if err == nil && h.kind() == inBlock {
			msgs[n], err = r.open(u, start)
		} else if err == nil {
			old := len(b)
			if n > 0 && old-before+int(h.size()) > enough {
				break
			}
			b = append(b, r.bytes(u, u.index(start), h.size())...)
			msgs[n] = Of(b[old:])
		}
		if err != nil && n == 0 {
			return 0, false, r.condemn(u.Parker, err)
		} else if err != nil {
			break // those before it are what they were
		}
		at = past(start, recordWords(h.size()), 1)
		n++
	}
	failpoint.Hit("ring: before take")
	wake, _ = r.Head.move(at, false)
	failpoint.Hit("ring: taken")
	return n, wake, nil
}

// some is where Head stands, if there is a message. H is held.
func (r *Ring) some() (at uint64, err error) {
	if at = r.Head.at(); at != r.TailSeen {
		return at, nil
	}
	tail := r.Tail.v.Load()
	r.TailSeen = tail &^ flags
	switch {
	case at != r.TailSeen:
		return at, nil
	case tail&shut != 0:
		return 0, r.shutOrCorrupt()
	}
	return 0, refusal.ErrEmpty
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
