package mp

import (
	"context"
	"runtime"

	"github.com/multiproc/mp/internal/ring"
)

// Loan is a message that was got from a queue and is read where its producer has written it, without a copy.
//
// It is made by [Borrow], for one goroutine at a time. The message was got: nobody else gets it, also if this process dies before
// [Loan.Release]; its memory is free again then. A loan that is not released is given back when it is garbage.
type Loan struct {
	m        ring.Message
	q        *Queue[[]byte]
	buffer   *[]byte // of a short message, which was copied after all; nil: it lies in a block
	forget   runtime.Cleanup
	released bool
}

// Borrow gets the next message like [Queue.GetContext], and leaves it where it is, whether it was put by [Queue.Put] or by
// [Reservation.Commit]. Its memory cannot be used for another message until [Loan.Release]; it counts no more as the queue's.
func Borrow(ctx context.Context, q *Queue[[]byte]) (*Loan, error) {
	l := &Loan{q: q, buffer: takeBuffer()}
	m, err := q.way.take(ctx, (*l.buffer)[:0], true)
	if err != nil {
		giveBuffer(l.buffer, *l.buffer)
		return nil, err
	}
	if l.m = m; !m.Shared() {
		*l.buffer = m.Bytes[:0]
		return l, nil
	}
	giveBuffer(l.buffer, *l.buffer)
	l.buffer = nil
	l.forget = runtime.AddCleanup(l, inHand.release, inHand{q, m})
	return l, nil
}

// Bytes is the message. It may be written to, and must not be used once the loan is released, or garbage: keep the loan as long as the
// bytes. It panics after Release.
func (l *Loan) Bytes() []byte {
	if l.released {
		panic("mp: Bytes of a Loan that was released")
	}
	return l.m.Bytes
}

// Release gives the memory back. It panics if it was given back before: somebody else may have it.
func (l *Loan) Release() {
	if l.released {
		panic("mp: Release of a Loan that was released")
	}
	l.released = true
	if l.buffer != nil {
		giveBuffer(l.buffer, *l.buffer)
	} else {
		l.forget.Stop()
		inHand{l.q, l.m}.release()
	}
	l.buffer, l.m = nil, ring.Message{}
	runtime.KeepAlive(l) // until here nobody else may have given the block back
}
