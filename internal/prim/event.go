package prim

import (
	"context"
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// The event word.
//
//	bit  0      set
//	bits 1–30   pulse: how often it was set, modulo 2³⁰
//	bit  31     W  somebody may sleep
const (
	eventSet    uint32 = 1 << 0
	eventPulse  uint32 = 1 << 1
	eventPulses uint32 = 1<<31 - eventPulse
	eventWaited uint32 = 1 << 31
)

// Event is the state of an event: 4 bytes, zero is cleared.
//
//	cleared  pulse|W?      a waiter sleeps, with W
//	set      set|pulse|W?  nobody begins to sleep; W: those who did are still to be woken
//
// Who moves it: Set from cleared to set, and the pulse by one, in one CAS that is its commit; Clear back, leaving
// the pulse; a waiter adds W; a Set that has woken all takes it away again.
//
// A waiter goes on if the event is set or the pulse is not that with which it came: a Set that a Clear follows at
// once releases all who waited. It would miss 2³⁰ Sets that pass while it looks away, exactly as many. Nobody owns
// an event, so that nobody's death changes it: a Set is made or it is not, and no Set waits for whom it wakes.
type Event struct {
	_    structs.HostLayout
	word atomic.Uint32
}

// unset says that the event is cleared and was not set in between.
func unset(now, seen uint32) bool { return now&eventSet == 0 && (now^seen)&eventPulses == 0 }

// IsSet tells whether the event is set. It inlines: one load.
func (e *Event) IsSet() bool { return e.word.Load()&eventSet != 0 }

// Waited tells whether somebody may sleep.
func (e *Event) Waited() bool { return e.word.Load()&eventWaited != 0 }

// Set sets the event and wakes all who wait.
func (e *Event) Set(p park.Parker) {
	for {
		v := e.word.Load()
		if v&eventSet != 0 && v&eventWaited == 0 {
			return
		}
		next := v
		if v&eventSet == 0 {
			next = v&^eventPulses | (v+eventPulse)&eventPulses | eventSet
		}
		// W stays until all are woken: if we die before that, or are stopped, the next Set does it.
		failpoint.Hit("event: setting")
		if next != v && !e.word.CompareAndSwap(v, next) {
			continue
		}
		failpoint.Hit("event: set")
		if next&eventWaited != 0 {
			p.Wake(&e.word, park.All)
			failpoint.Hit("event: woken all")
			// The word is what it was: set all the time, so that nobody has gone to sleep since.
			e.word.CompareAndSwap(next, next&^eventWaited)
		}
		return
	}
}

// Clear makes the event wait for the next Set.
func (e *Event) Clear() {
	for {
		v := e.word.Load()
		if v&eventSet == 0 || e.word.CompareAndSwap(v, v&^eventSet) {
			return
		}
	}
}

// Wait waits until the event is set, or was set since Wait began. It returns nil then, also if ctx has ended; ctx's
// error if that comes first. A waiter that goes, in whatever way, leaves nothing undone: Set wakes all.
func (e *Event) Wait(ctx context.Context, p park.Parker, spin *park.Spin) error {
	came := e.word.Load()
	if !unset(came, came) || spin.Until(&e.word, came, unset) {
		return nil
	}
	for {
		v := e.word.Load()
		switch {
		case !unset(v, came):
			return nil
		case v&eventWaited == 0 && !e.word.CompareAndSwap(v, v|eventWaited):
			continue
		}
		failpoint.Hit("event: waiter announced")
		err := p.Park(ctx, &e.word, came, unset)
		failpoint.Hit("event: out of sleep")
		if err != nil && unset(e.word.Load(), came) {
			return err
		}
	}
}

// Died wakes all sleepers: a Set of the process that is gone may have come as far as its commit.
func (e *Event) Died(p park.Parker) {
	failpoint.Hit("sweep: event")
	p.Wake(&e.word, park.All)
}

// Came is what a wait that begins now is told by: it goes on once Since is true of it.
func (e *Event) Came() uint32 { return e.word.Load() }

// Since tells whether the event is set, or was set since somebody came.
func (e *Event) Since(came uint32) bool { return !unset(e.word.Load(), came) }

// Watch is what to sleep on for one who came and waits for other things too: not ok if it is true already. Nothing is
// left to be done after the sleep.
func (e *Event) Watch(came uint32) (w park.Watch, ok bool) {
	for {
		v := e.word.Load()
		if !unset(v, came) {
			return w, false
		}
		if v&eventWaited != 0 || e.word.CompareAndSwap(v, v|eventWaited) {
			failpoint.Hit("event: watched")
			return park.Watch{Word: &e.word, Seen: came, Blocked: unset}, true
		}
	}
}
