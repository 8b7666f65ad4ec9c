package mp

import (
	"errors"
	"math"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/refusal"
	"github.com/multiproc/mp/internal/ring"
)

// way is a ring, that of a queue or of one direction of a pipe, as this process uses it.
type way struct {
	ring *ring.Ring
	user *ring.User
	hold *hold
}

// encode makes v a message: a short one at the end of b, which it returns longer, a long one in a block, at once if its length is
// known. If there is no room for that now and wait is false it is ErrFull, before anything is filled in vain.
func encode[T any](w way, b []byte, v T, wait bool) (m ring.Message, used []byte, err error) {
	most := w.user.Largest()
	if n, known := codec.Size(v); known && n > most {
		if m, err = w.block(n, wait); err == nil {
			_, err = codec.Append(m.Bytes[:0], v) // there is room for all of it
		}
		return m, b, err
	}
	used, err = codec.Append(b, v)
	if err != nil {
		return m, b, err
	}
	if msg := used[len(b):]; len(msg) > most {
		m, err = w.wrap(msg, wait)
		return m, b, err
	}
	return ring.Of(used[len(b):]), used, nil
}

// wrap makes bytes a message, which are not to be changed before it is put, unless they are copied.
func (w way) wrap(b []byte, wait bool) (m ring.Message, err error) {
	if len(b) <= w.user.Largest() {
		return ring.Of(b), nil
	}
	if m, err = w.block(len(b), wait); err == nil {
		copy(m.Bytes, b)
	}
	return m, err
}

// block gives memory for a long message.
func (w way) block(n int, wait bool) (ring.Message, error) {
	if !wait && w.ring.Full(w.user, n) {
		return ring.Message{}, refusal.ErrFull
	}
	m, err := w.ring.Hold(w.user, n)
	if _, full := errors.AsType[*ArenaFullError](err); full {
		if most := int(min(w.hold.arena.in.LongestMessage(), math.MaxInt)); n > most {
			o := w.hold.object
			err = &MessageSizeError{Queue: o.Named(), Size: n, Most: most, pipe: o.Kind == arena.KindPipe}
		}
	}
	return m, named(err, w.hold)
}

// decode makes a message a T, of which nothing points into it, and gives back its block.
func decode[T any](w way, m ring.Message) (T, error) {
	if !m.Shared() {
		return codec.Decode[T](m.Bytes)
	}
	defer w.ring.Release(w.user, m) // also if T's own decoding panics
	return codec.Decode[T](m.Bytes)
}
