package threading

import (
	"context"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// Event is a flag that goroutines wait for: Python's threading.Event. The zero Event is not set. An Event must not be
// copied after first use. A Set synchronizes before the return of each Wait, and before each IsSet that is true, on
// its account.
//
// Wait and IsSet cost one load while it is set, and Set wakes all who wait without waiting for them. What happens
// once and stays is a channel that is closed; an Event can be cleared. Between processes mp.Event does the same.
type Event struct {
	state prim.Event
	spin  park.Spin
}

// Set sets the event and wakes all who wait for it; a Clear that follows at once holds none of them back. On an
// event that is set it does nothing.
func (e *Event) Set() { e.state.Set(&park.Heap) }

// Clear makes whoever waits from now on wait for the next Set.
func (e *Event) Clear() { e.state.Clear() }

// IsSet tells whether the event is set.
func (e *Event) IsSet() bool { return e.state.IsSet() }

// Wait waits until the event is set. It returns also if that was cleared again before it woke.
func (e *Event) Wait() {
	if !e.state.IsSet() {
		_ = e.waitSlow(background) // without an end of the context there is no error
	}
}

// WaitContext is Wait until ctx ends, and returns ctx's error then; nil if the event is set, even if ctx has ended.
func (e *Event) WaitContext(ctx context.Context) error {
	if e.state.IsSet() {
		return nil
	}
	return e.waitSlow(ctx)
}

func (e *Event) waitSlow(ctx context.Context) error { return e.state.Wait(ctx, &park.Heap, &e.spin) }
