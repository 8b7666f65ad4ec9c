package mp

import (
	"errors"
	"math"

	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/refusal"
	"github.com/multiproc/mp/internal/ring"
)

// encode makes v a message: a short one at the end of b, which it returns longer, a long one in a block, at once if its length is
// known. If there is no room for that now and wait is false it is ErrFull, before anything is filled in vain.
func (q *Queue[T]) encode(b []byte, v T, wait bool) (m ring.Message, used []byte, err error) {
	most := q.user.Largest()
	if n, known := codec.Size(v); known && n > most {
		if m, err = q.block(n, wait); err == nil {
			_, err = codec.Append(m.Bytes[:0], v) // there is room for all of it
		}
		return m, b, err
	}
	used, err = codec.Append(b, v)
	if err != nil {
		return m, b, err
	}
	if msg := used[len(b):]; len(msg) > most {
		if m, err = q.block(len(msg), wait); err == nil {
			copy(m.Bytes, msg)
		}
		return m, b, err
	}
	return ring.Of(used[len(b):]), used, nil
}

// block gives memory for a long message.
func (q *Queue[T]) block(n int, wait bool) (ring.Message, error) {
	if !wait && q.state.Ring.Full(q.user, n) {
		return ring.Message{}, refusal.ErrFull
	}
	m, err := q.state.Ring.Hold(q.user, n)
	if _, full := errors.AsType[*ArenaFullError](err); full {
		most := int(min(q.arena.in.LongestMessage(), math.MaxInt))
		if n > most {
			err = &MessageSizeError{Queue: q.object.Named(), Size: n, Most: most}
		}
	}
	return m, named(err, q.hold)
}

// decode makes a message a T, of which nothing points into it, and gives back its block.
func (q *Queue[T]) decode(m ring.Message) (T, error) {
	if !m.Shared() {
		return codec.Decode[T](m.Bytes)
	}
	defer q.state.Ring.Release(q.user, m) // also if T's own decoding panics
	return codec.Decode[T](m.Bytes)
}
