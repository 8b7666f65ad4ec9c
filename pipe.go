package mp

import (
	"errors"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/codec"
)

// Connection is one end of a pipe: it sends S and receives R, in order, to and from the other end, wherever that is:
// Python's multiprocessing.Pipe. S and R are any values that can be arguments of a process. Any number of goroutines may
// use it, and any number of processes may hold the same end: each message goes to one of them, whole.
//
// It is made by [NewPipe]; the handle must not be copied. A message is encoded before Send does anything, and is
// in shared memory when Send returns. A sender that is killed in Send has sent all of it or nothing; a receiver that
// is killed in Recv has left the message there, or has taken it along. Sending a message in one process synchronizes
// before its receipt in another.
//
// # Who holds an end
//
// An end is open as long as some process holds it. When none does any more, because all have closed it or ended, in
// whatever way, the other end's Recv returns io.EOF after what was sent before, and its Send an error that is
// io.ErrClosedPipe. A Close is noticed at once, a death at once by the parent, and by others within about 100 ms.
//
// A process that is started with an end among its arguments, at any depth, takes it over: the end is the child's from
// Start on, whether or not the child has got as far as to open it, and the handle that was passed is closed here. So nothing
// needs to be closed for either side to learn that the other is gone:
//
//	mine, theirs := mp.NewPipe[request, reply]()
//	p := &mp.Process{Target: server(theirs)}
//	err := p.Start(ctx) // theirs is p's now
//
// Who wants to keep an end as well, or to pass it to several, passes what [Connection.Clone] returns. Everywhere else a handle
// is copied: sent in a message it must stay open here until the message was received, and then be closed, as the
// receiver holds the end by a handle of its own. A handle that the garbage collector finds unused is closed by it.
//
// # Cost
//
// There is a ring for each direction, of 256 KiB or [RingBytes]; long messages lie beside it, as those of a [Queue] do. Messages of small
// plain data are sent and received without an allocation, in about 0.1 µs each, and a round trip between two processes
// that both run takes 1 to 2 µs. Who waits looks for up to about 20 µs and then sleeps; a system call is made only if somebody
// sleeps.
type Connection[S, R any] struct {
	noCopy  noCopy
	out, in way // end's
	end     *pipeEnd
	*hold
}

// pipeBytes is the usual size of a pipe's ring.
const pipeBytes = 1 << 18

// NewPipe makes two ends that face each other. Where S or R is [None] nothing travels that way, and no memory is taken for
// it: NewPipe[T, None] is Python's Pipe(duplex=False), with the end that sends first. To use the other way is an
// error that is errors.ErrUnsupported.
//
// It panics if an S or R cannot travel, naming the part that cannot, or if both are None; as make does, if the arena is full; and
// before Main. Its options are [Name], and [RingBytes] for each ring.
func NewPipe[S, R any](opts ...Option) (*Connection[S, R], *Connection[R, S]) {
	h, err := newPipe(reflect.TypeFor[S](), reflect.TypeFor[R](), settle(opts))
	if err != nil {
		panic(err)
	}
	a, b := new(Connection[S, R]), new(Connection[R, S])
	first, second, err := h.bothEnds()
	if err != nil {
		panic(err)
	}
	a.attach(first)
	b.attach(second)
	return a, b
}

func newPipe(s, r reflect.Type, set settings) (*hold, error) {
	sizes, err := pipeSizes(s, r, set)
	if err != nil {
		return nil, err
	}
	a, err := family("NewPipe")
	if err != nil {
		return nil, err
	}
	fp, typ := pipeType(s, r)
	return a.create(arena.ObjectSpec{
		Kind: arena.KindPipe, Name: set.name, Type: typ, Fingerprint: fp, Size: arena.PipeSize(sizes),
		Init: func(o *arena.Object) { a.in.InitPipe(o, sizes) },
	})
}

func pipeSizes(s, r reflect.Type, set settings) (sizes [2]uint64, err error) {
	if set.ring == 0 {
		set.ring = pipeBytes
	}
	none := reflect.TypeFor[None]()
	if s == none && r == none {
		return sizes, errors.New("mp: a pipe through which nothing travels: expected a type other than None for one direction at least")
	}
	for way, t := range []reflect.Type{s, r} {
		if t == none {
			continue
		}
		if err := codec.Check(t); err != nil {
			return sizes, err
		}
		if sizes[way], err = ringSizeOf(set); err != nil {
			return sizes, err
		}
	}
	return sizes, nil
}

// pipeType is the type of a pipe whose end 0 sends s and receives r.
func pipeType(s, r reflect.Type) (fp uint64, typ string) {
	return fingerprint(s)*31 ^ fingerprint(r), describe(s) + ", " + describe(r)
}

func (c *Connection[S, R]) attach(e *pipeEnd) {
	c.hold, c.end, c.in, c.out = e.hold, e, carries[R](e.receives), carries[S](e.sends)
	runtime.AddCleanup(c, (*pipeEnd).collect, e)
}

// Clone returns another handle of this end, which is open until it too is closed, or passed on. ErrClosed: this one is
// closed.
func (c *Connection[S, R]) Clone() (*Connection[S, R], error) {
	e, err := c.end.clone()
	if err != nil {
		return nil, err
	}
	other := new(Connection[S, R])
	other.attach(e)
	runtime.KeepAlive(c)
	return other, nil
}

// Close closes this handle; whoever waits by it gets ErrClosed. If no process holds this end by another, the other end gets
// io.EOF after what was sent. What was not received here is lost. A second Close, or one of a handle that was passed
// on, does nothing. It always returns nil.
func (c *Connection[S, R]) Close() error {
	c.end.close(errPipeClosed)
	runtime.KeepAlive(c)
	return nil
}

// errPipeClosed is why a handle that was closed can no longer be used.
var errPipeClosed error = &detail{"mp: a connection", ErrClosed}

// MarshalBinary lets the handle travel; other processes of the family alone can read it. See [Connection] for what becomes
// of this one.
func (c *Connection[S, R]) MarshalBinary() ([]byte, error) {
	if c.hold == nil {
		return c.hold.marshal(arena.KindPipe)
	}
	if err := c.end.closed(); err != nil {
		return nil, err
	}
	handlesSent.Add(1)
	return c.end.bytes(), nil
}

// UnmarshalBinary makes c a handle of the end that another process's MarshalBinary named. It is an error if no process
// holds that end any more, or if c sends or receives another type than it, which names both.
func (c *Connection[S, R]) UnmarshalBinary(b []byte) error {
	e, err := openEnd(b, reflect.TypeFor[S](), reflect.TypeFor[R]())
	if err != nil {
		return err
	}
	c.attach(e)
	return nil
}
