package mp

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/internal/refusal"
	"github.com/multiproc/mp/internal/tasks"
)

// JoinableQueue is a [Queue] whose messages are only gone when the work on them is done: Get gives a [Message], and its TaskDone
// ends it. Join waits until all that was put is done.
//
// A message of which a process dies before its TaskDone comes again: another Get has it, with Delivery one higher, before all
// messages that were never delivered, in the order of their puts. So a job is done at least once, whoever is killed, and
// twice only if its worker died between the work and TaskDone: work that must not be done twice looks at Delivery. A message
// that kills each of its workers comes again and again: that too Delivery tells. A consumer that lives and forgets TaskDone
// keeps the message, and the queue, until it ends; mp ps shows who has what in hand, and for how long.
//
// It is made by [NewJoinableQueue]; the handle travels as an argument and must not be copied. Put in one process synchronizes
// before the Get of its message in another, and TaskDone before the Join that it lets go. The errors of a queue that
// cannot do what it is asked are those of package queue: ErrFull, ErrEmpty, ErrShutDown.
//
// A message is encoded before Put does anything, is there whole when Put returns, and outlives its producer. A producer that
// is killed in Put has put all of it or nothing, and what Join counts is exact. Whoever waits goes on waiting when another
// process dies, and no wake-up is lost with it. A process that is stopped in the middle of a call, by SIGSTOP, holds the
// others up until it continues. A handle in a message keeps nothing alive: keep the object until the message was got.
//
// The limits, of messages and of bytes, are of those that wait; consumers have what they have in hand beside that. Messages lie
// in memory of the arena that grows with what waits. What those of up to 3,000 bytes have taken stays for others of their size
// until the queue is freed; what a longer one has comes back at TaskDone.
//
// Uncontended, Put, Get and TaskDone of a number cost about 0.3 µs each, and all of them exclude each other: where a message may die
// with its consumer, Queue costs a third. They wait as those of Queue do. Between goroutines of one process queue.Queue has Join with
// Go values.
type JoinableQueue[T any] struct {
	noCopy noCopy
	state  *arena.JoinableQueueState
	user   *tasks.User
	*hold
}

// The usual limit of the bytes that wait in a JoinableQueue, and the least: a message of 16 bytes fits.
const (
	waitingBytes = 16 << 20
	leastWaiting = 64
)

// NewJoinableQueue makes a queue in which maxsize messages wait before Put does; if that is 0 or less, as many as there is
// room for: 16 MiB, or [RingBytes], where a message takes its length and 48 bytes more. It panics if a T cannot travel, naming
// the part that cannot; if maxsize is more than 4,194,303; if the arena is full; and before Main. It takes 9 KiB of
// the arena, and what the messages need.
func NewJoinableQueue[T any](maxsize int, opts ...Option) *JoinableQueue[T] {
	q, err := newJoinableQueue[T](maxsize, settle(opts))
	if err != nil {
		panic(err)
	}
	return q
}

func newJoinableQueue[T any](maxsize int, s settings) (*JoinableQueue[T], error) {
	limit, err := waitingBytesOf(s)
	if err != nil {
		return nil, err
	}
	if maxsize > tasks.MaxMessages {
		return nil, fmt.Errorf("mp: a queue of %d messages: expected at most %d", maxsize, tasks.MaxMessages)
	}
	h, err := newMessages[T]("NewJoinableQueue", s, arena.ObjectSpec{
		Kind: arena.KindJoinableQueue, Size: joinableStateSize,
		Init: func(o *arena.Object) {
			arena.PayloadOf[arena.JoinableQueueState](o).Tasks.Init(uint64(max(maxsize, 0)), limit)
		},
	})
	if err != nil {
		return nil, err
	}
	q := new(JoinableQueue[T])
	q.attach(h)
	return q, nil
}

// newMessages makes the object of a queue of T.
func newMessages[T any](who string, s settings, spec arena.ObjectSpec) (*hold, error) {
	t := reflect.TypeFor[T]()
	if err := codec.Check(t); err != nil {
		return nil, err
	}
	a, err := family(who)
	if err != nil {
		return nil, err
	}
	spec.Name, spec.Type, spec.Fingerprint = s.name, describe(t), fingerprint(t)
	return a.create(spec)
}

func waitingBytesOf(s settings) (uint64, error) {
	if s.ring == 0 {
		return waitingBytes, nil
	}
	if s.ring < 0 {
		return 0, fmt.Errorf("mp: RingBytes(%d): expected 1 or more", s.ring)
	}
	return max(leastWaiting, uint64(s.ring)), nil
}

func (q *JoinableQueue[T]) attach(h *hold) {
	q.hold = h
	q.state = arena.PayloadOf[arena.JoinableQueueState](h.object)
	q.user = h.arena.in.TasksUser(h.object, h.arena.in.Hand(q.state))
	collect(q, h)
}

// Put puts v, waiting for room as long as it takes. Its errors: ErrShutDown; *[MessageSizeError]; *[ArenaFullError]; and what
// the encoding of v says, if this v cannot travel. v was not put then. v is not kept, and may be changed at once.
func (q *JoinableQueue[T]) Put(v T) error { return q.PutContext(background, v) }

// PutContext is Put until ctx ends, and returns ctx's error then: v was not put. If there is room the end of ctx does
// not matter, unless another process is just using the queue.
func (q *JoinableQueue[T]) PutContext(ctx context.Context, v T) error {
	err := sendTask(q.hold, &q.state.Tasks, v, func(msg []byte) error { return q.state.Tasks.Put(ctx, q.user, msg) })
	runtime.KeepAlive(q)
	return err
}

// TryPut puts v if there is room now, also if others wait for more of it. Otherwise it returns ErrFull, or an error of Put.
func (q *JoinableQueue[T]) TryPut(v T) error {
	err := sendTask(q.hold, &q.state.Tasks, v, func(msg []byte) error { return q.state.Tasks.TryPut(q.user, msg) })
	runtime.KeepAlive(q)
	return err
}

// sendTask encodes a message, and puts it.
func sendTask[T any](h *hold, q *tasks.Tasks, v T, put func([]byte) error) error {
	b := takeBuffer()
	msg, err := codec.Append((*b)[:0], v)
	if err == nil {
		if most := q.Largest(); uint64(len(msg)) > most {
			err = &MessageSizeError{Queue: h.object.Named(), Size: len(msg), Most: int(most), whole: true}
		} else {
			if race.Enabled {
				h.shadow.Release()
			}
			err = put(msg)
		}
	}
	giveBuffer(b, msg)
	return err
}

// Get gets the next message in hand, waiting for one as long as it takes. Its errors: ErrShutDown, if the queue was shut down
// and nothing is left; and what the decoding says, if a handle in the message is of an object that is gone: that
// message counts as done, as nobody could do it.
//
// Of a queue that was shut down, Get waits while other processes have messages in hand, which may come back, unless this one
// has some in hand itself.
func (q *JoinableQueue[T]) Get() (Message[T], error) { return q.GetContext(background) }

// GetContext is Get until ctx ends, and returns ctx's error then: nothing was got. If there is a message the end of ctx
// does not matter, unless another process is just using the queue.
func (q *JoinableQueue[T]) GetContext(ctx context.Context) (Message[T], error) {
	m, _, err := q.take(ctx)
	return m, err
}

// TryGet gets the next message in hand if there is one now. Otherwise it returns ErrEmpty, or an error of Get.
func (q *JoinableQueue[T]) TryGet() (Message[T], error) {
	m, _, err := q.receive(q.state.Tasks.TryTake(q.user))
	return m, err
}

func (q *JoinableQueue[T]) take(ctx context.Context) (m Message[T], taken bool, err error) {
	return q.receive(q.state.Tasks.Take(ctx, q.user))
}

// All yields messages until the queue is shut down and nothing is left, as Get tells it, or ctx ends: then its error, once. A
// message that cannot be decoded is yielded as an error, and the next ones follow.
func (q *JoinableQueue[T]) All(ctx context.Context) iter.Seq2[Message[T], error] {
	return func(yield func(Message[T], error) bool) {
		for {
			m, taken, err := Message[T]{}, false, ctx.Err()
			if err == nil {
				m, taken, err = q.take(ctx)
			}
			if err == refusal.ErrShutDown && !taken {
				return
			}
			if !yield(m, err) || err != nil && !taken {
				return
			}
		}
	}
}

// Join waits until all messages that were put are done. It returns also if others were put since.
func (q *JoinableQueue[T]) Join() { _ = q.JoinContext(background) } // without an end of the context there is no error

// JoinContext is Join until ctx ends, and returns ctx's error then. If all is done the end of ctx does not matter, unless
// another process is just using the queue.
func (q *JoinableQueue[T]) JoinContext(ctx context.Context) error {
	err := q.state.Tasks.Join(ctx, q.user)
	if race.Enabled && err == nil {
		q.shadow.Acquire()
	}
	runtime.KeepAlive(q)
	return err
}

// Shutdown ends the queue for all: whoever puts, or waits to put, gets ErrShutDown; what is there can be got, and then
// whoever gets does. It may be called by anybody, more than once.
func (q *JoinableQueue[T]) Shutdown() { q.shutdown(false) }

// ShutdownNow is Shutdown, and drops what is there, and what comes back by a death: for Join all that is done. What is in hand is
// not.
func (q *JoinableQueue[T]) ShutdownNow() { q.shutdown(true) }

func (q *JoinableQueue[T]) shutdown(drop bool) {
	q.state.Tasks.Shutdown(q.user, drop)
	runtime.KeepAlive(q)
}

// Len is how many messages could be got now, those in hand not among them. It is stale before it can be used, where others
// put and get.
func (q *JoinableQueue[T]) Len() int {
	defer runtime.KeepAlive(q)
	return q.state.Tasks.Waiting()
}

// Cap is how many messages may wait, 0 if their bytes are the only limit.
func (q *JoinableQueue[T]) Cap() int {
	defer runtime.KeepAlive(q)
	return int(q.state.Tasks.Most)
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (q *JoinableQueue[T]) MarshalBinary() ([]byte, error) { return q.marshal(arena.KindJoinableQueue) }

// UnmarshalBinary makes q a handle of the queue that another process's MarshalBinary named. It is an error that names both
// if its messages are of another type.
func (q *JoinableQueue[T]) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindJoinableQueue, reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	q.attach(h)
	return nil
}
