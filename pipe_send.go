package mp

import (
	"context"
	"errors"
	"io"
	"runtime"
)

// errPeerGone: nobody will ever receive it.
var errPeerGone error = &detail{"mp: sending to an end of a pipe that every process has closed", io.ErrClosedPipe}

// errOneWay is about a direction that a pipe does not have.
var errOneWay error = &detail{"mp: nothing travels this way through the pipe: its type is None", errors.ErrUnsupported}

// Send sends v, waiting for room as long as it takes. Its errors: one that is io.ErrClosedPipe, if no process holds the
// other end any more; ErrClosed; *[MessageSizeError]; *[ArenaFullError], if a long message finds no memory; *[CorruptError]; and
// what the encoding of v says, if this v cannot travel. v was not sent then. v is not kept, and may be changed at once.
func (c *Connection[S, R]) Send(v S) error { return c.SendContext(background, v) }

// SendContext is Send until ctx ends, and returns ctx's error then: v was not sent. If there is room the end of ctx does not
// matter, unless another process is just sending by the same end.
func (c *Connection[S, R]) SendContext(ctx context.Context, v S) error { return c.send(ctx, v, true) }

// TrySend sends v if there is room now, also if others wait for more of it. Otherwise it returns queue.ErrFull, or an
// error of Send.
func (c *Connection[S, R]) TrySend(v S) error { return c.send(background, v, false) }

func (c *Connection[S, R]) send(ctx context.Context, v S, wait bool) error {
	if err := c.mayPut(); err != nil {
		return err
	}
	err := c.sent(send(ctx, &c.out, v, wait))
	runtime.KeepAlive(c)
	return err
}

// SendBytes sends these bytes as a message, as Send would. It is for RecvBytes on the other side: Recv takes them for
// the encoding of a value, and RecvBytes gets that of what was sent by Send. So who passes messages on need not know
// their type, which travels with neither.
func (c *Connection[S, R]) SendBytes(b []byte) error {
	if err := c.mayPut(); err != nil {
		return err
	}
	m, err := c.out.wrap(b, true)
	if err == nil {
		err = c.sent(c.out.given(m, c.out.put(background, m, true)))
	}
	runtime.KeepAlive(c)
	return err
}

// mayPut tells why nothing can be sent, whether there is room or not.
func (c *Connection[S, R]) mayPut() error { return c.end.may(c.out) }

// sent is what a put's error means here.
func (c *Connection[S, R]) sent(err error) error { return c.end.over(err, errPeerGone) }
