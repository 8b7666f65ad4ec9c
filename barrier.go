package mp

import (
	"context"
	"fmt"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// Barrier is where a number of goroutines of any processes of the family meet: Python's multiprocessing.Barrier.
//
// It is made by [NewBarrier]; the handle travels as an argument and must not be copied. Once all parties have come to
// Wait, all go on, and the barrier is ready for the next turn. What any party did before its Wait synchronizes before
// the return of each Wait of that turn.
//
// It breaks if Abort is called, if the context of a waiter ends, if the action fails, or if a process dies that the
// others may be waiting for; everybody gets *BrokenBarrierError then, which says who it was, until Reset. A process is
// waited for (a party) if it was given the barrier with its arguments when it was started, or has waited here, until it
// calls Leave or has dropped its last handle. Its death breaks the barrier if it did not end well, by a signal,
// a panic, an error, or an os.Exit of its own, or if it ended while it waited. A process that has come to the end of
// its function breaks nothing.
//
// A turn costs some ten ns for each party, and the wake-ups of those who sleep; a wait spins for as long as has paid
// of late, up to about 20 µs, before it sleeps. Between goroutines of one process threading.Barrier does the same on the
// heap. To wait once for processes to end, use Group.
type Barrier struct {
	noCopy noCopy
	state  *arena.BarrierState
	me     prim.Attendant
	action func(context.Context) error // nil if there is none
	*hold
}

// NewBarrier makes a barrier for so many parties, 1 to 1,048,575; otherwise it panics. It panics, as make does, if the
// arena is full, and before Main. The option [Action] is what the last to come runs.
func NewBarrier(parties int, opts ...Option) *Barrier {
	if parties < 1 || parties > prim.MostParties {
		panic(fmt.Sprintf("mp: a barrier for %d parties: expected 1 to %d", parties, prim.MostParties))
	}
	b, err := newBarrier(parties, settle(opts))
	if err != nil {
		panic(err)
	}
	return b
}

func newBarrier(parties int, s settings) (*Barrier, error) {
	a, err := family("NewBarrier")
	if err != nil {
		return nil, err
	}
	var action []byte
	if s.action != nil {
		if action, err = appendCall(nil, s.action); err != nil {
			return nil, err
		}
	}
	h, err := a.create(arena.ObjectSpec{
		Kind: arena.KindBarrier, Name: s.name, Type: "mp.Barrier", Fingerprint: fingerprint(nil), Size: barrierStateSize + uint64(len(action)),
		Init: func(o *arena.Object) {
			state := arena.PayloadOf[arena.BarrierState](o)
			state.Barrier.Init(parties)
			state.ActionSize = uint32(len(action))
			copy(arena.PayloadBytes(o, barrierStateSize, uint64(len(action))), action)
		},
	})
	if err != nil {
		return nil, err
	}
	b := new(Barrier)
	return b, b.attach(h)
}

// attach makes b a handle. The action is read here, so that each process that can run it holds what it needs.
func (b *Barrier) attach(h *hold) (err error) {
	b.hold = h
	b.state = arena.PayloadOf[arena.BarrierState](h.object)
	b.me = h.arena.in.PartyOf(b.state)
	b.me.Spin = &h.spin
	seat := b.me.Seat
	h.atLast(func() { prim.Leave(seat) })
	collect(b, h)
	if n := b.state.ActionSize; n > 0 {
		b.action, err = decodeAction(arena.PayloadBytes(h.object, barrierStateSize, uint64(n)))
	}
	return err
}

// Wait waits until all parties have come. It returns 0 … parties-1, a different number to each, in the order in which
// they came; or *BrokenBarrierError.
func (b *Barrier) Wait() (int, error) { return b.WaitContext(background) }

// WaitContext is Wait until ctx ends: then the barrier is broken, for all, and the error wraps ctx's. The last party goes
// on even if its ctx has ended. ctx is the action's context too.
func (b *Barrier) WaitContext(ctx context.Context) (int, error) {
	if race.Enabled {
		b.shadow.Release()
	}
	n, broken := b.state.Barrier.Wait(ctx, &b.me, b.bind(ctx))
	if race.Enabled {
		b.shadow.Acquire()
	}
	runtime.KeepAlive(b) // the state goes with the last handle
	if broken != nil {
		return 0, b.broke(broken)
	}
	return n, nil
}

// bind is the action for one wait.
func (b *Barrier) bind(ctx context.Context) func() error {
	if b.action == nil {
		return nil
	}
	return func() error {
		if race.Enabled {
			b.shadow.Acquire()
			defer b.shadow.Release()
		}
		return b.action(ctx)
	}
}

func (b *Barrier) broke(why *prim.Broken) *BrokenBarrierError {
	return &BrokenBarrierError{
		Barrier: b.object.Named(), Reason: BreakReason(why.Reason), Party: why.Who.Name, PID: int(why.Who.PID), Since: why.At, Err: why.Err,
	}
}

// Abort breaks the barrier: who waits, and who comes until Reset, gets *BrokenBarrierError.
func (b *Barrier) Abort() {
	b.state.Barrier.Abort(&b.me)
	runtime.KeepAlive(b)
}

// Reset makes the barrier whole and empty. Who waits at it gets *BrokenBarrierError. A process that died as a party
// is none any more.
func (b *Barrier) Reset() {
	b.state.Barrier.Reset(&b.me)
	runtime.KeepAlive(b)
}

// Leave says that nobody need wait for this process: it is no party until it waits again, and may die as it likes.
func (b *Barrier) Leave() {
	prim.Leave(b.me.Seat)
	runtime.KeepAlive(b)
}

// Broken tells whether the barrier is broken.
func (b *Barrier) Broken() bool {
	broken := b.state.Barrier.Broken()
	runtime.KeepAlive(b)
	return broken
}

// Parties is how many have to come.
func (b *Barrier) Parties() int {
	parties := b.state.Barrier.Parties()
	runtime.KeepAlive(b)
	return parties
}

// Waiting is how many have come and wait for the others; 0 if the barrier is broken.
func (b *Barrier) Waiting() int {
	waiting := b.state.Barrier.Arrived()
	runtime.KeepAlive(b)
	return waiting
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (b *Barrier) MarshalBinary() ([]byte, error) { return b.marshal(arena.KindBarrier) }

// UnmarshalBinary makes b a handle of the barrier that another process's MarshalBinary named. It is an error if this
// process cannot read the barrier's action.
func (b *Barrier) UnmarshalBinary(data []byte) error {
	h, err := unmarshal(data, arena.KindBarrier, reflect.Type(nil))
	if err != nil {
		return err
	}
	return b.attach(h)
}
