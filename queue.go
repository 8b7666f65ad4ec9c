package mp

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/refusal"
	"github.com/multiproc/mp/internal/ring"
	"github.com/multiproc/mp/internal/tasks"
)

// Queue is first in, first out, for many producers and consumers in all processes of the family. T is any value that can be
// an argument of a process: plain data, strings, slices, maps, structs of them, handles.
//
// It is made by [NewQueue]; the handle travels as an argument and must not be copied. Put in one process synchronizes
// before the Get of its message in another. The errors of a queue that cannot do what it is asked are those of package
// queue: ErrFull, ErrEmpty, ErrShutDown.
//
// A message is encoded before Put does anything, is there whole when Put returns, without a thread that feeds it, and outlives
// its producer. A producer that is killed in Put has put all of it or nothing; a consumer that is killed in Get has left the
// message to the others, or has taken it along: nobody delivers a message twice. Whoever waits goes on waiting when
// another process dies, and no wake-up is lost with it. A process that is stopped in the middle of a copy, by SIGSTOP, holds
// the others up until it continues.
//
// A handle in a message keeps nothing alive: keep the object until the message was got. Getting one whose object is gone is
// an error, and the message is taken.
//
// A queue that was written over by a process that has gone wrong is a *[CorruptError] to all, if what was written cannot be;
// otherwise it is taken for what it is, as a lock that another process holds, or a message that cannot be decoded.
//
// Messages lie in a ring of 1 MiB, or [RingBytes]; those that are longer than 64 KiB or a quarter of the ring, of any length that the
// arena has room for, each in memory of its own, which is used again for the next ones. What waits to be got takes as many bytes as the ring has at
// most, or is one message: back-pressure is counted in bytes, wherever they lie. A long message is copied without holding up others:
// a plain slice or string once on the way in and once on the way out, all else once more on the way in; [Reserve] and [Borrow]
// copy nothing. What Get returns lies in new memory, which costs more than the copy where much of it is collected: a program that
// gets many MiB a second does better with Borrow, or with [Connection.RecvBytesInto].
//
// Uncontended, Put and Get of a number cost about 0.05 µs each, in batches of many ([Queue.PutMany], [Queue.GetMany]) 0.03. They
// wait by looking for up to about 20 µs and then sleep; a system call is made only if somebody sleeps. Consumers are served in no
// order. Of producers that wait for room one is the next, whatever the size of its message, and the others stand behind it. Between
// goroutines of one process queue.Queue does the same with Go values.
type Queue[T any] struct {
	noCopy noCopy
	way    way
	*hold
}

// ringBytes is the usual size of a ring.
const ringBytes = 1 << 20

// MessageSizeError: a message is longer than all that the arena has room for, or than the bytes that may wait in a
// JoinableQueue, and never fits.
type MessageSizeError struct {
	Queue string // its name, or the pipe's; "" = it has none
	Size  int    // of the encoded message, in bytes
	Most  int    // the longest that fits

	pipe  bool
	whole bool // all that there is room for may be one message
}

// Error tells both sizes, and what makes room.
func (e *MessageSizeError) Error() string {
	kind := map[bool]string{false: "queue", true: "pipe"}[e.pipe]
	name := "a " + kind
	if e.Queue != "" {
		name = fmt.Sprintf("%s %q", kind, e.Queue)
	}
	if e.whole {
		return fmt.Sprintf("mp: a message of %d bytes is too long for %s, which takes %d: make it with RingBytes(%d)", e.Size, name, e.Most, e.Size+tasks.Overhead)
	}
	return fmt.Sprintf("mp: a message of %d bytes for %s is too long for the arena, which takes %d: Configure a larger one", e.Size, name, e.Most)
}

func upToPower(n uint64) uint64 { return 1 << bits.Len64(n-1) }

type ringSize int

func (n ringSize) apply(s *settings) { s.ring = int(n) }

// RingBytes is a queue's and a pipe's option: the size of the ring that messages lie in, otherwise 1 MiB, and 256 KiB for
// each direction of a pipe. It is rounded up to a power of two; from 1 to 4 GiB, or the constructor panics. A message takes its length of
// it, rounded up to 8 bytes, and 8 bytes more; a long one lies elsewhere, and counts as much, or as all of the ring if it is longer.
// Up to four times as many bytes, or one block, are kept for the next long messages; they go with the queue or pipe, or when
// it is shut down. A JoinableQueue has no ring: of one it is how many bytes of messages may wait, 16 MiB otherwise, where each takes its
// length and 48 bytes more, and one may take all.
func RingBytes(n int) Option { return ringSize(n) }

// NewQueue makes a queue that holds maxsize messages and then makes Put wait; 4,194,303 if that is 0 or less, or as many as
// its ring has room for. It panics if a T cannot travel, naming the part that cannot; if maxsize is more than that;
// as make does, if the arena is full; and before Main. It takes the ring's size of the arena, and 64 KiB.
func NewQueue[T any](maxsize int, opts ...Option) *Queue[T] {
	q, err := newQueue[T](maxsize, settle(opts))
	if err != nil {
		panic(err)
	}
	return q
}

func newQueue[T any](maxsize int, s settings) (*Queue[T], error) {
	t := reflect.TypeFor[T]()
	if err := codec.Check(t); err != nil {
		return nil, err
	}
	size, err := ringSizeOf(s)
	if err != nil {
		return nil, err
	}
	if maxsize > ring.MaxMessages {
		return nil, fmt.Errorf("mp: a queue of %d messages: expected at most %d", maxsize, ring.MaxMessages)
	}
	a, err := family("NewQueue")
	if err != nil {
		return nil, err
	}
	h, err := a.create(arena.ObjectSpec{
		Kind: arena.KindQueue, Name: s.name, Type: describe(t), Fingerprint: fingerprint(t), Size: ring.Memory(size),
		Init: func(o *arena.Object) { arena.PayloadOf[arena.QueueState](o).Ring.Init(size, uint64(max(maxsize, 0))) },
	})
	if err != nil {
		return nil, err
	}
	q := new(Queue[T])
	return q, q.attach(h)
}

func ringSizeOf(s settings) (uint64, error) {
	switch {
	case s.ring == 0:
		return ringBytes, nil
	case s.ring < 0 || uint64(s.ring) > ring.MaxSize:
		return 0, fmt.Errorf("mp: RingBytes(%d): expected 1 to %d", s.ring, uint64(ring.MaxSize))
	}
	return max(ring.MinSize, upToPower(uint64(s.ring))), nil
}

func (q *Queue[T]) attach(h *hold) error {
	user, err := h.arena.in.RingUser(h.object)
	if err != nil {
		err = named(err, h)
		h.drop()
		return err
	}
	q.hold, q.way = h, carries[T](way{ring: &arena.PayloadOf[arena.QueueState](h.object).Ring, user: user, hold: h})
	collect(q, h)
	return nil
}

// named puts the queue's name into an error that a ring cannot know it for.
func named(err error, h *hold) error {
	if err == nil {
		return nil
	}
	if c, ok := errors.AsType[*CorruptError](err); ok {
		c.Queue = h.object.Named()
	}
	return err
}

// Put puts v, waiting for room as long as it takes. Its errors: ErrShutDown; *[MessageSizeError]; *[ArenaFullError], if a long
// message finds no memory; *[CorruptError]; and what the encoding of v says, if this v cannot travel. v was not put then. v is not
// kept, and may be changed at once.
func (q *Queue[T]) Put(v T) error { return q.PutContext(background, v) }

// PutContext is Put until ctx ends, and returns ctx's error then: v was not put. If there is room the end of ctx does
// not matter, unless another process is just putting.
func (q *Queue[T]) PutContext(ctx context.Context, v T) error { return q.send(ctx, v, true) }

// TryPut puts v if there is room now, also if others wait for more of it. Otherwise it returns ErrFull, or an error of Put.
func (q *Queue[T]) TryPut(v T) error { return q.send(background, v, false) }

func (q *Queue[T]) send(ctx context.Context, v T, wait bool) error {
	err := send(ctx, &q.way, v, wait)
	runtime.KeepAlive(q)
	return err
}

// Get gets the next message, waiting for one as long as it takes. Its errors: ErrShutDown, if the queue was shut down and
// nothing is left; *[CorruptError]; and what the decoding says, if a handle in the message is of an object that is gone.
func (q *Queue[T]) Get() (T, error) { return q.GetContext(background) }

// GetContext is Get until ctx ends, and returns ctx's error then: nothing was got. If there is a message the end of ctx
// does not matter, unless another process is just getting one.
func (q *Queue[T]) GetContext(ctx context.Context) (T, error) {
	v, _, err := q.receive(ctx, true)
	return v, err
}

// TryGet gets the next message if there is one now. Otherwise it returns ErrEmpty, or an error of Get.
func (q *Queue[T]) TryGet() (T, error) {
	v, _, err := q.receive(background, false)
	return v, err
}

// receive also tells whether a message was taken: it may be one that cannot be decoded.
func (q *Queue[T]) receive(ctx context.Context, wait bool) (v T, taken bool, err error) {
	v, taken, err = receive[T](ctx, &q.way, wait)
	runtime.KeepAlive(q)
	return v, taken, err
}

// All yields messages until the queue is shut down and empty, or ctx ends: then its error, once. A message that cannot be
// decoded is yielded as an error, and the next ones follow.
func (q *Queue[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, taken, err := q.next(ctx)
			if err == refusal.ErrShutDown && !taken {
				return
			}
			if !yield(v, err) || err != nil && !taken {
				return
			}
		}
	}
}

func (q *Queue[T]) next(ctx context.Context) (v T, taken bool, err error) {
	if err := ctx.Err(); err != nil {
		return v, false, err
	}
	return q.receive(ctx, true)
}

// Shutdown ends the queue for all: whoever puts, or waits to put, gets ErrShutDown; what is there can be got, and then
// whoever gets does. It may be called by anybody, more than once.
func (q *Queue[T]) Shutdown() { q.shutdown(false) }

// ShutdownNow is Shutdown, and drops what is there.
func (q *Queue[T]) ShutdownNow() { q.shutdown(true) }

func (q *Queue[T]) shutdown(drop bool) {
	q.way.ring.Shutdown(q.way.user, drop)
	runtime.KeepAlive(q)
}

// Len is how many messages could be got now. It is stale before it can be used, where others put and get.
func (q *Queue[T]) Len() int {
	defer runtime.KeepAlive(q)
	return q.way.ring.Len()
}

// Cap is how many messages the queue holds, 0 if its ring is the only limit.
func (q *Queue[T]) Cap() int {
	defer runtime.KeepAlive(q)
	return q.way.user.Most()
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (q *Queue[T]) MarshalBinary() ([]byte, error) { return q.marshal(arena.KindQueue) }

// UnmarshalBinary makes q a handle of the queue that another process's MarshalBinary named. It is an error that names both
// if its messages are of another type.
func (q *Queue[T]) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindQueue, reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	return q.attach(h)
}
