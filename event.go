package mp

import (
	"context"
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/race"
)

// Event is a flag that goroutines of all processes of the family wait for: Python's multiprocessing.Event.
//
// It is made by [NewEvent]; the handle travels as an argument and must not be copied. A Set synchronizes before the
// return of each Wait, and before each IsSet that is true, on its account, as the Go memory model says of a
// closed channel.
//
// Nobody owns an event, and a process's death does not change it: a Set that was killed is made or it is not, and
// the death of whoever waits is nothing to the others. Set never waits for those whom it wakes.
//
// Wait and IsSet cost one load while the event is set. Who has to wait spins for as long as has paid of late, up to
// about 20 µs, and then sleeps. Set and Clear cost one compare-and-swap, and a system call if somebody sleeps.
// Between goroutines of one process threading.Event does the same on the heap; what happens once and stays is a
// channel that is closed.
type Event struct {
	noCopy noCopy
	state  *arena.EventState
	*hold
}

// NewEvent makes an event that is not set. It panics, as make does, if the arena is full, and before Main.
func NewEvent(opts ...Option) *Event {
	a, err := family("NewEvent")
	if err == nil {
		var h *hold
		h, err = a.create(arena.ObjectSpec{
			Kind: arena.KindEvent, Name: settle(opts).name, Type: "mp.Event", Fingerprint: fingerprint(nil), Size: eventStateSize,
		})
		if err == nil {
			e := new(Event)
			e.attach(h)
			return e
		}
	}
	panic(err)
}

func (e *Event) attach(h *hold) {
	e.hold = h
	e.state = arena.PayloadOf[arena.EventState](h.object)
	collect(e, h)
}

// Set sets the event and wakes all who wait for it, in every process; a Clear that follows at once holds none of
// them back. On an event that is set it does nothing.
func (e *Event) Set() {
	if race.Enabled {
		e.shadow.Release()
	}
	e.state.Event.Set(e.arena.in.Parker())
	runtime.KeepAlive(e) // the state goes with the last handle
}

// Clear makes whoever waits from now on wait for the next Set.
func (e *Event) Clear() {
	e.state.Event.Clear()
	runtime.KeepAlive(e)
}

// IsSet tells whether the event is set.
func (e *Event) IsSet() bool {
	set := e.state.Event.IsSet()
	if race.Enabled && set {
		e.shadow.Acquire()
	}
	runtime.KeepAlive(e)
	return set
}

// Wait waits until the event is set. It returns also if that was cleared again before it woke.
func (e *Event) Wait() {
	if !e.IsSet() {
		_ = e.waitSlow(background) // without an end of the context there is no error
	}
}

// WaitContext is Wait until ctx ends, and returns ctx's error then; nil if the event is set, even if ctx has ended.
func (e *Event) WaitContext(ctx context.Context) error {
	if e.IsSet() {
		return nil
	}
	return e.waitSlow(ctx)
}

//go:noinline
func (e *Event) waitSlow(ctx context.Context) error {
	err := e.state.Event.Wait(ctx, e.arena.in.Parker(), &e.spin)
	if race.Enabled && err == nil {
		e.shadow.Acquire()
	}
	runtime.KeepAlive(e)
	return err
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (e *Event) MarshalBinary() ([]byte, error) { return e.marshal(arena.KindEvent) }

// UnmarshalBinary makes e a handle of the event that another process's MarshalBinary named.
func (e *Event) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindEvent, reflect.Type(nil))
	if err != nil {
		return err
	}
	e.attach(h)
	return nil
}
