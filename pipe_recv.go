package mp

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/ring"
)

// Recv receives the next message, waiting for one as long as it takes. Its errors: io.EOF, if no process holds the other
// end any more and nothing is left of what it has sent; ErrClosed; *[CorruptError]; and what the decoding says, if the message is not the
// encoding of an R, or has a handle of an object that is gone: the message was taken then.
func (c *Connection[S, R]) Recv() (R, error) { return c.RecvContext(background) }

// RecvContext is Recv until ctx ends, and returns ctx's error then: nothing was received. If there is a message the end
// of ctx does not matter, unless another process is just receiving by the same end.
func (c *Connection[S, R]) RecvContext(ctx context.Context) (R, error) {
	v, _, err := c.recv(ctx, true)
	return v, err
}

// TryRecv receives the next message if there is one now. Otherwise it returns queue.ErrEmpty, or an error of Recv.
func (c *Connection[S, R]) TryRecv() (R, error) {
	v, _, err := c.recv(background, false)
	return v, err
}

// recv also tells whether a message was taken: it may be one that cannot be decoded.
func (c *Connection[S, R]) recv(ctx context.Context, wait bool) (v R, taken bool, err error) {
	if err := c.mayTake(); err != nil {
		return v, false, err
	}
	if v, taken, err = receive[R](ctx, &c.in, wait); !taken {
		err = c.received(err)
	}
	runtime.KeepAlive(c)
	return v, taken, err
}

// RecvBytes receives the bytes of the next message, as Recv would: what SendBytes was given, or the encoding of what Send
// was. The slice is the caller's.
func (c *Connection[S, R]) RecvBytes() ([]byte, error) { return c.recvBytes(nil) }

// recvBytes copies the next message into b, or into memory of its own if b is too short.
func (c *Connection[S, R]) recvBytes(b []byte) ([]byte, error) {
	if err := c.mayTake(); err != nil {
		return nil, err
	}
	m, err := c.in.take(background, b[:0:len(b)], true)
	if err != nil {
		return nil, c.received(err)
	}
	if m.Shared() || m.Bytes == nil {
		out := b[:0:len(b)]
		if out = bulk.Append(out, m.Bytes); out == nil {
			out = []byte{}
		}
		c.in.ring.Release(c.in.user, m)
		m = ring.Of(out)
	}
	runtime.KeepAlive(c)
	return m.Bytes, nil
}

// BufferTooShortError: a message is longer than the buffer that RecvBytesInto was given. It is io.ErrShortBuffer.
type BufferTooShortError struct {
	Message []byte // all of it; it was taken
	Room    int    // the buffer's length
}

// Error tells both lengths.
func (e *BufferTooShortError) Error() string {
	return fmt.Sprintf("mp: a message of %d bytes came to a buffer of %d; it is in the error's Message", len(e.Message), e.Room)
}

// Unwrap gives io.ErrShortBuffer.
func (e *BufferTooShortError) Unwrap() error { return io.ErrShortBuffer }

// RecvBytesInto is RecvBytes into b, without an allocation, and returns the message's length. If b is too short for the
// message, the error is a *[BufferTooShortError], which has the message: nothing is lost, and b is as before.
func (c *Connection[S, R]) RecvBytesInto(b []byte) (int, error) {
	msg, err := c.recvBytes(b)
	if err != nil {
		return 0, err
	}
	if len(msg) > len(b) {
		return 0, &BufferTooShortError{Message: msg, Room: len(b)}
	}
	return len(msg), nil
}

// mayTake tells why nothing can be received, whether there is something or not.
func (c *Connection[S, R]) mayTake() error { return c.end.may(c.in) }

// received is what a take's error means here.
func (c *Connection[S, R]) received(err error) error { return c.end.over(err, io.EOF) }

// Poll tells whether Recv would return at once: there is a message, or nothing will come any more, or this handle is
// closed. It costs two loads.
func (c *Connection[S, R]) Poll() bool {
	if c.mayTake() != nil {
		return true
	}
	ready := c.in.ring.Ready()
	runtime.KeepAlive(c)
	return ready
}

// PollContext waits until Poll is true, or until ctx ends: then its error. ErrClosed, if this handle is or gets closed.
// It takes nothing.
func (c *Connection[S, R]) PollContext(ctx context.Context) error {
	if err := c.mayTake(); err != nil {
		return err
	}
	err := c.end.ended(c.in.ring.Await(ctx, c.in.user))
	if err == nil {
		err = c.end.closed() // with the last handle of an end the ring is shut, which is something to find too
	}
	runtime.KeepAlive(c)
	return err
}

// All yields messages until the other end is gone and nothing is left, or ctx ends: then its error, once. A message that
// cannot be decoded is yielded as an error, and the next ones follow.
func (c *Connection[S, R]) All(ctx context.Context) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for {
			v, taken, err := c.next(ctx)
			if err == io.EOF && !taken {
				return
			}
			if !yield(v, err) || err != nil && !taken {
				return
			}
		}
	}
}

func (c *Connection[S, R]) next(ctx context.Context) (v R, taken bool, err error) {
	if err := ctx.Err(); err != nil {
		return v, false, err
	}
	return c.recv(ctx, true)
}
