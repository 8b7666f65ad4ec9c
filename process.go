package mp

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// Process is a call that runs in a process of its own. Set the fields, Start, Join; like exec.Cmd it is used
// once and must not be copied after Start. Its methods may be called by several goroutines after Start.
//
// A child is a fresh start of the same binary (of the same file, also if that was replaced meanwhile),
// in a process group of its own: the terminal's Ctrl-C reaches the parent alone, which winds the children
// down. It ends with its parent, however that ends, and at once if that is killed.
//
// Starting and joining costs about what os/exec takes for the same binary, a millisecond or more; from a
// warm spare (see KeepSpares) a small part of that.
type Process struct {
	Target Target // what to run; required
	Name   string // in logs, errors and mp ps; default "Process-1", "Process-1:2" for a child's child
	Daemon bool   // ended, not awaited, when the parent's run returns; may not have children

	Grace          time.Duration // from a cancelled context to SIGTERM, and again to SIGKILL; 0: 1s; negative: none
	MemoryLimit    int64         // bytes of private memory, beyond which it is killed within about 50 ms; 0: none
	Env            []string      // nil: the parent's
	Dir            string        // "": the parent's
	Stdin          io.Reader     // nil: the null device
	Stdout, Stderr io.Writer     // nil: the parent's

	state *processState
}

// Start starts the process. The child's context ends with ctx, and has ctx's deadline; after Grace the child gets
// SIGTERM, and after another Grace SIGKILL, and what it started by os/exec with it. Start does not
// wait for the child to come up: what goes wrong there is Join's to tell.
//
// It is an error if Main or Init was not called (ErrNoMain), if an argument cannot travel, if the process was started
// before, if this process is a daemon, or if the system refuses.
func (p *Process) Start(ctx context.Context) error { return p.start(ctx, nil) }

// start is Start with a taker of the encoded result.
func (p *Process) start(ctx context.Context, take func(result []byte) error) error {
	switch {
	case !self.ready.Load():
		return ErrNoMain
	case p.state != nil:
		return errors.New("mp: a process is started once: " + p.Name)
	case p.Target == nil:
		return errors.New("mp: process without a Target")
	case self.daemon:
		return errors.New("mp: a daemon process may not have children")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.Name == "" {
		p.Name = nextName()
	}
	call, err := p.encode(ctx)
	if err != nil {
		return err
	}
	st, err := p.launch()
	if err != nil {
		return err
	}
	p.state = st
	st.enroll(p.Name, call)
	st.passOn(p.Name, call)
	st.begin(ctx, p, call, take)
	return nil
}

// Join waits for the end and tells how it came: nil, the function's own error, *PanicError or *ExitError.
// Many may join, and again.
func (p *Process) Join() error { return p.JoinContext(context.Background()) }

// JoinContext is Join until ctx ends, which leaves the process alone.
func (p *Process) JoinContext(ctx context.Context) error {
	st, err := p.begun()
	if err != nil {
		return err
	}
	select {
	case <-st.done:
		return st.err
	default:
	}
	select {
	case <-st.done:
		return st.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Alive tells whether the process was started and has not ended.
func (p *Process) Alive() bool {
	if p.state == nil {
		return false
	}
	select {
	case <-p.state.done:
		return false
	default:
		return true
	}
}

// PID is the process's number; 0 before Start.
func (p *Process) PID() int {
	if p.state == nil {
		return 0
	}
	return p.state.pid
}

// ExitCode is Python's: the exit status, or minus the signal's number. ok is false while the process runs.
// A function that returned an error exits with 1, one that panicked with 2.
func (p *Process) ExitCode() (code int, ok bool) {
	if p.state == nil || p.Alive() {
		return 0, false
	}
	return p.state.code, true
}

// Done is closed when the process has ended and Join would not wait (Python's sentinel). It is nil before Start.
func (p *Process) Done() <-chan struct{} {
	if p.state == nil {
		return nil
	}
	return p.state.done
}

// Interrupt cancels the child's context, as Ctrl-C does in the first process, with a cause that says so. It is
// Python's KeyboardInterrupt: the function may go on, and nothing follows. An ended process is no error.
func (p *Process) Interrupt() error {
	st, err := p.begun()
	if err != nil {
		return err
	}
	if err := st.cancelChild(errInterrupted); err != nil && p.Alive() {
		return err
	}
	return nil
}

// errInterrupted is the cause of a context that Interrupt has cancelled.
var errInterrupted error = &detail{"mp: interrupted", context.Canceled}

// Terminate sends SIGTERM to the process and what it started by os/exec; who still runs after Grace is killed.
// It does not wait. An ended process is no error.
func (p *Process) Terminate() error {
	st, err := p.begun()
	if err != nil {
		return err
	}
	return st.terminate()
}

// Kill ends the process and what it started with SIGKILL. It does not wait. An ended process is no error.
func (p *Process) Kill() error {
	st, err := p.begun()
	if err != nil {
		return err
	}
	return ignoreDone(st.child.SignalTree(syscall.SIGKILL))
}

// Signal sends any signal to the process alone. os.ErrProcessDone if it has ended.
func (p *Process) Signal(sig os.Signal) error {
	st, err := p.begun()
	if err != nil {
		return err
	}
	return st.child.Signal(sig)
}

// Close is for programs that are careful: it tells ErrRunning if the process has not ended. Nothing is held
// for an ended process, so there is nothing to release.
func (p *Process) Close() error {
	if p.Alive() {
		return ErrRunning
	}
	return nil
}

// begun is a process that this one has started: the only kind that it may end, or wait for.
func (p *Process) begun() (*processState, error) {
	switch {
	case p.state == nil:
		return nil, ErrNotStarted
	case p.state.child == nil:
		return nil, errNotChild
	}
	return p.state, nil
}

// errNotChild is what CurrentProcess and ParentProcess say.
var errNotChild = errors.New("mp: only the process that started another joins, interrupts, ends or signals it by its Process")

func ignoreDone(err error) error {
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
