package mp

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/multiproc/mp/inspect"
)

// DeadlockError: the wait was refused, as it would never have ended. The caller does not have the lock; it gives
// back what it holds, and may begin again. See [DetectDeadlock].
type DeadlockError struct {
	Waits []DeadlockWait // the cycle: each waits for what the next one holds, the last for what the first does
}

var _ = RegisterErrorType[*DeadlockError]() // it is often the result of a child

// DeadlockWait is one wait of a cycle.
type DeadlockWait struct {
	Process   string
	PID       int
	Goroutine uint64    // as in stack dumps
	Object    string    // the lock that it waits for, which the next one holds
	Since     time.Time // of the wait
	Where     string    // the line that waits
	HeldAt    string    // the line where the next one locked it
}

// Error is the cycle in a sentence, which begins with the caller.
func (e *DeadlockError) Error() string {
	var b strings.Builder
	b.WriteString("mp: deadlock: ")
	for i, w := range e.Waits {
		if i > 0 {
			b.WriteString("; that ")
		}
		holder := e.Waits[(i+1)%len(e.Waits)]
		fmt.Fprintf(&b, "goroutine %d of %s (pid %d) waits at %s for %s, held since %s by goroutine %d of %s (pid %d)",
			w.Goroutine, w.Process, w.PID, w.Where, w.Object, w.HeldAt, holder.Goroutine, holder.Process, holder.PID)
	}
	return b.String()
}

// detector looks for cycles at the parker's ticks, once a lock made with DetectDeadlock is there.
type detector struct {
	once sync.Once
	look *inspect.Arena
}

func (a *Arena) detectDeadlocks() {
	a.traces.cycle.once.Do(func() {
		look, err := inspect.OpenFile(a.in.File())
		if err != nil {
			return // the arena that this process lives in: it cannot be refused
		}
		a.traces.cycle.look = look
		a.in.OnTick(a.breakDeadlocks)
	})
}

// breakDeadlocks refuses those waits of this process that are the youngest of their cycle. It looks only if somebody
// has waited since the last tick: a wait that long is rare where nothing is wrong.
func (a *Arena) breakDeadlocks() {
	if !a.traces.overdue() {
		return
	}
	cycles, err := a.traces.cycle.look.Deadlocks()
	if err != nil {
		Logger().Error("mp: looking for deadlocks", "error", err)
		return
	}
	for _, c := range cycles {
		for i, w := range c.Waits {
			if w.Refused && w.Process.ID == a.in.Me() {
				a.traces.refuse(w, deadlockError(c.Waits, i))
			}
		}
	}
}

// overdue tells whether a wait has lasted since the last tick.
func (t *traces) overdue() (yes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for w := range t.waits {
		yes = yes || w.old
		w.old = true
	}
	return yes
}

// refuse ends the wait that a looker has found in a cycle, if it is still the same.
func (t *traces) refuse(found inspect.Blocked, err *DeadlockError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for w := range t.waits {
		if w.record != nil && w.caller.goroutine == found.Goroutine && w.record.State.Load() == found.Serial {
			w.refuse(err)
		}
	}
}

func deadlockError(waits []inspect.Blocked, first int) *DeadlockError {
	e := new(DeadlockError)
	for i := range waits {
		w := waits[(first+i)%len(waits)]
		e.Waits = append(e.Waits, DeadlockWait{
			Process: w.Process.Name, PID: w.Process.PID, Goroutine: w.Number, Object: w.Object, Since: w.Since, Where: w.Where, HeldAt: w.HeldAt,
		})
	}
	return e
}
