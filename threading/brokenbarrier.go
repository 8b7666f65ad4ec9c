package threading

import (
	"fmt"
	"time"

	"github.com/multiproc/mp/internal/prim"
)

// BreakReason is why a barrier was broken.
type BreakReason uint32

// The reasons.
const (
	BarrierAborted   = BreakReason(prim.Aborted)      // Abort was called
	BarrierCancelled = BreakReason(prim.Cancelled)    // the context of a waiter has ended
	BarrierAction    = BreakReason(prim.ActionFailed) // the action has returned an error, or panicked
	BarrierReset     = BreakReason(prim.WasReset)     // Reset was called while somebody waited
	BarrierDeath     = BreakReason(prim.PartyDied)    // a party has died: between processes only
)

// String is the reason in words that follow "the barrier was".
func (r BreakReason) String() string { return prim.BreakReason(uint32(r)) }

// BrokenBarrierError: a wait at a barrier was in vain. Everybody who waits in the turn that was broken gets it, and
// whoever comes until the barrier is Reset. One type between goroutines and between processes.
type BrokenBarrierError struct {
	Barrier string      // its name; "" if it has none
	Reason  BreakReason // why it was broken
	Party   string      // the process that did it, or that has died; "" between goroutines
	PID     int         // that process's; 0 likewise, or if it has died before it had come up
	Since   time.Time   // when it was broken; zero if nobody knows any more
	Err     error       // the waiter's own: its context's error, or that of the action which it ran; else nil
}

// Error says why, and who it was.
func (e *BrokenBarrierError) Error() string {
	s := "mp: a barrier was "
	if e.Barrier != "" {
		s = fmt.Sprintf("mp: barrier %q was ", e.Barrier)
	}
	s += e.Reason.String()
	switch {
	case e.Reason == BarrierDeath:
		s += fmt.Sprintf(": process %s (pid %d)", e.Party, e.PID)
	case e.Party != "":
		s += fmt.Sprintf(", by process %s (pid %d)", e.Party, e.PID)
	}
	if !e.Since.IsZero() {
		s += " at " + e.Since.Format(time.TimeOnly)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap is the waiter's own error: errors.Is(err, context.DeadlineExceeded) if its own time was up.
func (e *BrokenBarrierError) Unwrap() error { return e.Err }
