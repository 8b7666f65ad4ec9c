package mp

import (
	"context"
	"errors"
	"math"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/pod"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/internal/refusal"
	"github.com/multiproc/mp/internal/ring"
)

// way is a ring, that of a queue or of one direction of a pipe, as this process uses it.
type way struct {
	ring *ring.Ring
	user *ring.User
	hold *hold
	raw  bool // values are copied from where they lie, and to where they stay, and are never long
}

// carries is the way for values of type T.
func carries[T any](w way) way {
	w.raw = w.ring != nil && codec.Raw[T]() && sizeOf[T]() <= uint64(w.user.Largest())
	return w
}

// send puts a value.
func send[T any](ctx context.Context, w *way, v T, wait bool) error {
	if w.raw {
		return w.put(ctx, ring.Of(pod.Bytes(&v)), wait)
	}
	if b, ok := codec.View(&v); ok { // it is copied from where it lies
		m, err := w.wrap(b, wait)
		if err == nil {
			err = w.given(m, w.put(ctx, m, wait))
		}
		return err
	}
	return sendEncoded(ctx, w, v, wait)
}

// sendEncoded is apart so that v moves to the heap only here.
//
//go:noinline
func sendEncoded[T any](ctx context.Context, w *way, v T, wait bool) error {
	b := takeBuffer()
	m, used, err := encode(w, (*b)[:0], &v, wait)
	if err == nil {
		err = w.given(m, w.put(ctx, m, wait))
	}
	giveBuffer(b, used)
	return err
}

// put puts a message, or leaves it in hand.
func (w *way) put(ctx context.Context, m ring.Message, wait bool) (err error) {
	if race.Enabled {
		w.hold.shadow.Release()
	}
	if wait {
		err = w.ring.PutOne(ctx, w.user, m)
	} else {
		err = w.ring.TryPutOne(ctx, w.user, m)
	}
	if err != nil {
		err = named(err, w.hold)
	}
	return err
}

// given gives back the block of a message that was not put.
func (w *way) given(m ring.Message, err error) error {
	if err != nil {
		w.ring.Release(w.user, m)
	}
	return err
}

// receive takes a value; it also tells whether a message was taken: it may be one that cannot be decoded.
func receive[T any](ctx context.Context, w *way, wait bool) (v T, taken bool, err error) {
	if !w.raw {
		return receiveEncoded[T](ctx, w, wait)
	}
	room := pod.Bytes(&v)
	m, err := w.take(ctx, room[:0], wait)
	if err != nil || !m.Shared() && len(m.Bytes) == len(room) {
		return v, err == nil, err
	}
	w.ring.Release(w.user, m)
	_, err = codec.Decode[T](make([]byte, len(m.Bytes))) // it says what is wrong with the length
	return v, true, err
}

//go:noinline
func receiveEncoded[T any](ctx context.Context, w *way, wait bool) (v T, taken bool, err error) {
	if codec.Owned[T]() {
		m, err := w.take(ctx, nil, wait)
		switch {
		case err != nil:
			return v, false, err
		case m.Shared():
			v, err = decode[T](w, m)
		default:
			v, err = codec.Own[T](m.Bytes) // it was copied to where it stays
		}
		return v, true, err
	}
	b := takeBuffer()
	used := *b
	m, err := w.take(ctx, used[:0], wait)
	if taken = err == nil; taken {
		if !m.Shared() {
			used = m.Bytes
		}
		v, err = decode[T](w, m)
	}
	giveBuffer(b, used)
	return v, taken, err
}

func (w *way) take(ctx context.Context, b []byte, wait bool) (m ring.Message, err error) {
	m, err = w.ring.TryTakeOne(ctx, w.user, b)
	if wait && err == refusal.ErrEmpty {
		m, err = w.ring.TakeOne(ctx, w.user, b)
	}
	if err != nil {
		err = named(err, w.hold)
	} else if race.Enabled {
		w.hold.shadow.Acquire()
	}
	return m, err
}

// encode makes *v a message: where it lies, if its bytes lie somewhere, or at the end of b, which it returns longer; a long one in
// a block. If there is no room for that now and wait is false it is ErrFull, before anything is filled in vain.
func encode[T any](w *way, b []byte, v *T, wait bool) (m ring.Message, used []byte, err error) {
	if view, ok := codec.View(v); ok {
		m, err = w.wrap(view, wait)
		return m, b, err
	}
	if used, err = codec.Append(b, *v); err != nil {
		return m, b, err
	}
	m, err = w.wrap(used[len(b):], wait)
	if err != nil || m.Shared() {
		used = b
	}
	return m, used, err
}

// wrap makes bytes a message, which are not to be changed before it is put, unless they are copied.
func (w *way) wrap(b []byte, wait bool) (ring.Message, error) {
	if len(b) <= w.user.Largest() {
		return ring.Of(b), nil
	}
	return w.wrapLong(b, wait)
}

//go:noinline
func (w *way) wrapLong(b []byte, wait bool) (ring.Message, error) {
	m, err := w.block(len(b), wait)
	if err == nil {
		bulk.Copy(m.Bytes, b)
	}
	return m, err
}

// block gives memory for a long message.
func (w *way) block(n int, wait bool) (ring.Message, error) {
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
func decode[T any](w *way, m ring.Message) (T, error) {
	if !m.Shared() {
		return codec.Decode[T](m.Bytes)
	}
	defer w.ring.Release(w.user, m) // also if T's own decoding panics
	return codec.Decode[T](m.Bytes)
}
