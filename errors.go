package mp

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/refusal"
	"github.com/multiproc/mp/internal/ring"
	"github.com/multiproc/mp/threading"
)

var (
	// ErrNoMain: a process cannot be started by a program whose main function did not call [Main] or [Init]
	// first. Its children would run the program anew instead of their function, and start children.
	ErrNoMain = errors.New("mp: Main (or Init) was not called in this process before it starts another")
	// ErrRunning: the process has not ended yet.
	ErrRunning = errors.New("mp: process is still running")
	// ErrClosed: the handle was closed.
	ErrClosed = errors.New("mp: use of a closed handle")
	// ErrNotStarted: the process was not started yet.
	ErrNotStarted = errors.New("mp: process was not started")
	// ErrCorrupt: something has written over a shared object; *[CorruptError] says what was found.
	ErrCorrupt = refusal.ErrCorrupt
)

// detail is another error in words of its own. A package-level one lies in the binary: one that fmt makes is made anew
// whenever a child starts.
type detail struct {
	text string
	err  error
}

func (d *detail) Error() string { return d.text + ": " + d.err.Error() }
func (d *detail) Unwrap() error { return d.err }

// ExitError: a process ended without giving a result.
type ExitError struct {
	Process     string         // its name
	PID         int            //
	Code        int            // exit status, -1 if ended by a signal
	Signal      syscall.Signal // 0 if it exited
	OutOfMemory bool           // it went over its MemoryLimit, or the kernel's OOM killer was at work
	PeakMemory  int64          // bytes resident at the most, shared memory included
	Stderr      []byte         // the tail: the Go runtime's last words, or what a Stderr writer was given
	Cause       error          // why we ended it: the context's error, if that was the reason
}

// Error says which process ended how.
func (e *ExitError) Error() string {
	s := fmt.Sprintf("mp: process %s (pid %d) ", e.Process, e.PID)
	switch {
	case e.Signal != 0:
		s += fmt.Sprintf("was ended by signal %d (%v)", int(e.Signal), e.Signal)
	case e.Code == 0:
		s += "exited without giving its result; does its main function begin with mp.Main or mp.Init?"
	default:
		s += fmt.Sprintf("exited with status %d", e.Code)
	}
	if e.OutOfMemory {
		s += ", out of memory"
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	if len(e.Stderr) > 0 {
		s += "\n" + string(e.Stderr)
	}
	return s
}

// Unwrap gives the reason for which we ended it: errors.Is(err, context.DeadlineExceeded).
func (e *ExitError) Unwrap() error { return e.Cause }

// PanicError: the function panicked. One type for a goroutine and a process.
type PanicError = threading.PanicError

// OwnerDiedError: the process that held the lock died with it, or a [Lock.With] in it did not come to its end, and
// what the lock guards may be half changed. Every locker gets it, without the lock, until one has mended that; see
// [Lock.Recover]. An [Array] is abandoned in the same way.
type OwnerDiedError struct {
	Object   string // the name of the lock, or of the array
	Process  string // the name of the process that held it
	PID      int
	Since    time.Time // when the death was noticed, or the panic was
	Panicked bool      // the process lives: a With in it has panicked, or its goroutine has ended
}

// Error names the lock and who left it.
func (e *OwnerDiedError) Error() string {
	object := e.Object
	if object == "" {
		object = "a lock"
	}
	what := "died"
	if e.Panicked {
		what = "panicked"
	}
	return fmt.Sprintf("mp: process %s (pid %d) %s at %s holding %s: what it guards may be half changed; Recover mends it",
		e.Process, e.PID, what, e.Since.Format(time.TimeOnly), object)
}

// BrokenBarrierError: a wait at a barrier was in vain, and who broke it. One type for goroutines and processes.
type BrokenBarrierError = threading.BrokenBarrierError

// BreakReason is why a barrier was broken.
type BreakReason = threading.BreakReason

// The reasons.
const (
	BarrierAborted   = threading.BarrierAborted   // Abort was called
	BarrierCancelled = threading.BarrierCancelled // the context of a waiter has ended
	BarrierAction    = threading.BarrierAction    // the action has returned an error, or panicked
	BarrierReset     = threading.BarrierReset     // Reset was called while somebody waited
	BarrierDeath     = threading.BarrierDeath     // a party has died
)

// ArenaFullError: an arena cannot give what was asked for: Asked of What (bytes, objects or processes), where Left are left;
// or, for the reason in Err, the kernel could not.
type ArenaFullError = arena.FullError

// TypeMismatchError: a handle of one type came where another is expected.
type TypeMismatchError = arena.TypeError

// StaleHandleError: a handle names an object that no process holds any more.
type StaleHandleError = arena.StaleError

// CorruptError: What lies in a [Queue], or on the way through a pipe, cannot have been put there: some process of the family has
// written to memory that is not its own, through unsafe, cgo, a [RawValue] or a [RawArray]. It is ErrCorrupt. Every process gets it from
// then on; make another. Objects of other kinds panic where they notice such a thing. mp check shows what is wrong.
type CorruptError = ring.CorruptError
