package mp

import (
	"context"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/internal/tasks"
)

// SimpleQueue is a queue that is never full and never shut down, first in, first out, between processes: Put never waits
// for room, and the arena is the limit. All else is as with [Queue], which costs half, and whose limit holds
// producers back that are faster than their consumers.
//
// It is made by [NewSimpleQueue]; the handle travels as an argument and must not be copied. Put in one process synchronizes
// before the Get of its message in another. Whoever is killed in Put or Get has put or got a message or has not.
//
// What messages of up to 3,000 bytes have taken of the arena stays for others of their size until the queue is freed; what a
// longer one has comes back when it is got.
type SimpleQueue[T any] struct {
	noCopy noCopy
	state  *arena.SimpleQueueState
	user   *tasks.User
	*hold
}

// NewSimpleQueue makes a SimpleQueue. It panics if a T cannot travel, naming the part that cannot; if the arena is full;
// and before Main. It takes 1 KiB of the arena, and what the messages need.
func NewSimpleQueue[T any](opts ...Option) *SimpleQueue[T] {
	h, err := newMessages[T]("NewSimpleQueue", settle(opts), arena.ObjectSpec{
		Kind: arena.KindSimpleQueue, Size: simpleStateSize,
	})
	if err != nil {
		panic(err)
	}
	q := new(SimpleQueue[T])
	q.attach(h)
	return q
}

func (q *SimpleQueue[T]) attach(h *hold) {
	q.hold = h
	q.state = arena.PayloadOf[arena.SimpleQueueState](h.object)
	q.user = h.arena.in.TasksUser(h.object, nil)
	collect(q, h)
}

// Put puts v. Its errors: *[ArenaFullError], and what the encoding of v says, if this v cannot travel. v was not put then. v is
// not kept, and may be changed at once.
func (q *SimpleQueue[T]) Put(v T) error {
	err := sendTask(q.hold, &q.state.Tasks, v, func(msg []byte) error { return q.state.Tasks.TryPut(q.user, msg) })
	runtime.KeepAlive(q)
	return err
}

// Get gets the next message, waiting for one as long as it takes. Its error is what the decoding says, if a handle in the
// message is of an object that is gone; the message is taken then.
func (q *SimpleQueue[T]) Get() (T, error) { return q.GetContext(background) }

// GetContext is Get until ctx ends, and returns ctx's error then: nothing was got. If there is a message the end of ctx
// does not matter, unless another process is just using the queue.
func (q *SimpleQueue[T]) GetContext(ctx context.Context) (T, error) {
	return q.receive(func(b []byte) ([]byte, error) { return q.state.Tasks.Pull(ctx, q.user, b) })
}

// TryGet gets the next message if there is one now, or returns ErrEmpty, or an error of Get.
func (q *SimpleQueue[T]) TryGet() (T, error) {
	return q.receive(func(b []byte) ([]byte, error) { return q.state.Tasks.TryPull(q.user, b) })
}

func (q *SimpleQueue[T]) receive(pull func([]byte) ([]byte, error)) (v T, err error) {
	b := takeBuffer()
	msg, err := pull((*b)[:0])
	if err == nil {
		if race.Enabled {
			q.shadow.Acquire()
		}
		v, err = codec.Decode[T](msg) // nothing of v points into msg
	}
	giveBuffer(b, msg)
	runtime.KeepAlive(q)
	return v, err
}

// Len is how many messages could be got now. It is stale before it can be used, where others put and get.
func (q *SimpleQueue[T]) Len() int {
	defer runtime.KeepAlive(q)
	return q.state.Tasks.Waiting()
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (q *SimpleQueue[T]) MarshalBinary() ([]byte, error) { return q.marshal(arena.KindSimpleQueue) }

// UnmarshalBinary makes q a handle of the queue that another process's MarshalBinary named. It is an error that names both
// if its messages are of another type.
func (q *SimpleQueue[T]) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindSimpleQueue, reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	q.attach(h)
	return nil
}
