package mp

import (
	"context"
	"fmt"
	"runtime"

	"github.com/multiproc/mp/internal/ring"
)

// Reservation is a message of a queue that is being written, in the memory in which its consumer will read it: what is
// committed is not copied. Whoever gets it may use [Queue.Get] or [Borrow].
//
// It is made by [Reserve], for one goroutine at a time. If its process dies before [Reservation.Commit] has put it, there never was such
// a message. One that is neither committed nor aborted is given back when it is garbage.
type Reservation struct {
	q       *Queue[[]byte]
	m       ring.Message
	buffer  *[]byte // of a short message, which is copied after all; nil: it lies in a block
	forget  runtime.Cleanup
	settled bool
}

// inHand is a block that this process has in hand. It keeps the queue as well.
type inHand struct {
	q *Queue[[]byte]
	m ring.Message
}

func (h inHand) release() { h.q.way.ring.Release(h.q.way.user, h.m) }

// borrowed is from which length on a message is passed on as it is. To copy a shorter one in and out costs less than the keeping
// of books about who has it.
const borrowed = 1 << 14

// Reserve gives room for a message of n bytes, which is not zeroed. It does not wait: [Reservation.Commit] does, for the queue's room. It
// panics if n is negative. Its errors: *[ArenaFullError]; *[MessageSizeError]; *[CorruptError].
//
// Up to 16 KiB the message is copied by Commit, and by [Borrow], which costs less than to share it. From there on Reserve and
// Commit, Borrow and Release take about 2 µs together, whatever the length, as long as the queue finds memory that it has used before.
func Reserve(q *Queue[[]byte], n int) (*Reservation, error) {
	if n < 0 {
		panic(fmt.Sprintf("mp: Reserve of %d bytes", n))
	}
	r := &Reservation{q: q}
	if n <= min(borrowed, q.way.user.Largest()) {
		r.buffer = takeBuffer()
		if cap(*r.buffer) < n {
			*r.buffer = make([]byte, n)
		}
		r.m = ring.Of((*r.buffer)[:n])
		return r, nil
	}
	m, err := q.way.block(n, true)
	if err != nil {
		return nil, err
	}
	r.m = m
	r.forget = runtime.AddCleanup(r, inHand.release, inHand{q, m})
	return r, nil
}

// Bytes is where the message is written. It must not be used once the reservation is committed, aborted, or garbage. It panics after
// Commit or Abort.
func (r *Reservation) Bytes() []byte {
	r.open("Bytes")
	return r.m.Bytes
}

// Truncate shortens the message to its first n bytes. It panics if there are not so many, and after Commit or Abort.
func (r *Reservation) Truncate(n int) {
	r.open("Truncate")
	if n < 0 || n > len(r.m.Bytes) {
		panic(fmt.Sprintf("mp: Truncate of a Reservation of %d bytes to %d", len(r.m.Bytes), n))
	}
	r.m = r.m.Cut(n)
}

// Commit puts the message, waiting for room until ctx ends. Its errors are ctx's, and those of [Queue.Put]: it was not put then,
// and the reservation is what it was. It panics after Commit or Abort.
func (r *Reservation) Commit(ctx context.Context) error {
	r.open("Commit")
	if err := r.q.way.put(ctx, r.m, true); err != nil {
		return err
	}
	r.settle()
	return nil
}

// Abort gives the memory back. After Commit or Abort it does nothing, so it can be deferred.
func (r *Reservation) Abort() {
	if r.settled {
		return
	}
	if r.buffer == nil {
		inHand{r.q, r.m}.release()
	}
	r.settle()
}

// settle ends the reservation, whose block is somebody else's now.
func (r *Reservation) settle() {
	r.settled = true
	if r.buffer != nil {
		giveBuffer(r.buffer, *r.buffer)
	} else {
		r.forget.Stop()
	}
	r.buffer, r.m = nil, ring.Message{}
	runtime.KeepAlive(r) // until here nobody else may have given the block back
}

func (r *Reservation) open(what string) {
	if r.settled {
		panic("mp: " + what + " of a Reservation that was committed or aborted")
	}
}
