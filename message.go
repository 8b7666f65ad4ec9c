package mp

import (
	"runtime"
	"sync/atomic"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/race"
)

// Message is one delivery of a [JoinableQueue]: its Get gives it in hand to this process, until TaskDone, PutBack, or the end of
// the process. Copies of a Message are the same delivery. It cannot travel: the process that got it is the one whose
// death gives it to another.
type Message[T any] struct {
	Value    T
	Delivery int // how often it was delivered, this time included: more than 1 if it was put back, or a consumer has died

	hand *taskInHand[T]
}

// taskInHand is what the copies of a Message share. It keeps the queue's handle.
type taskInHand[T any] struct {
	queue *JoinableQueue[T]
	cell  uint64
	over  atomic.Bool
}

// TaskDone says that the work on the message is done: it is gone, and Join does not wait for it. It panics if the message
// was done or put back already, or was not got by this process: nothing is changed then.
func (m Message[T]) TaskDone() {
	q := m.end("TaskDone")
	q.state.Tasks.Done(q.user, m.hand.cell)
	runtime.KeepAlive(q)
}

// PutBack gives the message back undone: the next Get has it, of whichever process, with Delivery one higher, before all
// messages that were never delivered. It panics where TaskDone does.
func (m Message[T]) PutBack() {
	q := m.end("PutBack")
	q.state.Tasks.PutBack(q.user, m.hand.cell)
	runtime.KeepAlive(q)
}

// end makes sure that a delivery has one end, which the race detector sees.
func (m Message[T]) end(verb string) *JoinableQueue[T] {
	if m.hand == nil {
		panic("mp: " + verb + " of a message that no queue has given to this process")
	}
	if !m.hand.over.CompareAndSwap(false, true) {
		panic("mp: " + verb + " of a message that is done or put back already")
	}
	if race.Enabled {
		m.hand.queue.shadow.Release()
	}
	return m.hand.queue
}

// receive makes a Message of what is in hand. taken: there was something, which may be what cannot be decoded.
func (q *JoinableQueue[T]) receive(cell uint64, err error) (m Message[T], taken bool, _ error) {
	if err != nil {
		runtime.KeepAlive(q)
		return m, false, err
	}
	if race.Enabled {
		q.shadow.Acquire()
	}
	shared, turns := q.user.Message(cell)
	b := takeBuffer()
	msg := bulk.Append((*b)[:0], shared) // a copy: user code may decode it
	m = Message[T]{Delivery: int(turns), hand: &taskInHand[T]{queue: q, cell: cell}}
	m.Value, err = codec.Decode[T](msg)
	giveBuffer(b, msg)
	if err != nil {
		m.TaskDone()
		return Message[T]{}, true, err
	}
	return m, true, nil
}
