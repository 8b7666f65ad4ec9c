package threading

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// Barrier is where a number of goroutines meet: Python's threading.Barrier. It is made by [NewBarrier] and must not be
// copied. Once all parties have come to Wait, all go on, and the barrier is ready for the next turn. What any party
// did before its Wait synchronizes before the return of each Wait of that turn.
//
// It breaks if Abort is called, if the context of a waiter ends, or if the action fails: a party that does not come would
// keep the others waiting for ever. Everybody gets *BrokenBarrierError then, until Reset. A goroutine that ends without
// coming breaks nothing. Between processes mp.Barrier does the same, and knows of their deaths.
//
// A turn costs some ten ns for each party, and the wake-ups of those who sleep; a wait spins for as long as has paid of
// late, up to about 20 µs, before it sleeps. To wait once for goroutines to end, use sync.WaitGroup.
type Barrier struct {
	state  prim.Barrier
	seat   atomic.Uint32
	spin   park.Spin
	action func() error
}

// NewBarrier makes a barrier for so many parties, 1 to 1,048,575; otherwise it panics. The last party of each turn
// runs the action before any goes on, if it is not nil. If the action panics the barrier is broken, and the panic goes on.
func NewBarrier(parties int, action func()) *Barrier {
	if parties < 1 || parties > prim.MostParties {
		panic(fmt.Sprintf("threading: a barrier for %d parties: expected 1 to %d", parties, prim.MostParties))
	}
	b := new(Barrier)
	b.state.Init(parties)
	if action != nil {
		b.action = func() error { action(); return nil }
	}
	return b
}

func (b *Barrier) me() prim.Attendant {
	return prim.Attendant{ID: 1, Seat: &b.seat, Who: nobody, Park: &park.Heap, Spin: &b.spin}
}

func nobody() prim.Person { return prim.Person{} }

// Wait waits until all parties have come. It returns 0 … parties-1, a different number to each, in the order in which they
// came; or *BrokenBarrierError.
func (b *Barrier) Wait() (int, error) { return b.WaitContext(background) }

// WaitContext is Wait until ctx ends: then the barrier is broken, for all, and the error wraps ctx's. The last party goes
// on even if its ctx has ended.
func (b *Barrier) WaitContext(ctx context.Context) (int, error) {
	me := b.me()
	n, broken := b.state.Wait(ctx, &me, b.action)
	if broken != nil {
		return 0, &BrokenBarrierError{Reason: BreakReason(broken.Reason), Since: broken.At, Err: broken.Err}
	}
	return n, nil
}

// Abort breaks the barrier: who waits, and who comes until Reset, gets *BrokenBarrierError.
func (b *Barrier) Abort() {
	me := b.me()
	b.state.Abort(&me)
}

// Reset makes the barrier whole and empty. Who waits at it gets *BrokenBarrierError.
func (b *Barrier) Reset() {
	me := b.me()
	b.state.Reset(&me)
}

// Broken tells whether the barrier is broken.
func (b *Barrier) Broken() bool { return b.state.Broken() }

// Parties is how many have to come.
func (b *Barrier) Parties() int { return b.state.Parties() }

// Waiting is how many have come and wait for the others; 0 if the barrier is broken.
func (b *Barrier) Waiting() int { return b.state.Arrived() }
