package mp

import (
	"sync"
	"syscall"
	"time"

	"github.com/multiproc/mp/internal/boot"
)

// lastWords is how long the socket of an ended child is read at most: its end is closed with it, unless it
// leaked the descriptor to a process that lives on.
const lastWords = time.Second

// awaitEnd waits for the child to be reaped, sweeps what it left in the arena, and tells the joiners.
func (st *processState) awaitEnd() {
	<-st.child.Done()
	st.arena.in.Bury(st.id)
	_ = st.child.Control().SetReadDeadline(time.Now().Add(lastWords))
	<-st.read
	if st.streams != nil {
		st.streams.wait()
	}
	st.code, st.err = st.verdict()
	_ = st.child.Close()
	_ = st.crash.Close()
	delist(st)
	close(st.done)
	st.ended.tell()
}

// verdict is how the process ended, in the words of Join and of ExitCode.
func (st *processState) verdict() (code int, err error) {
	state := st.child.State()
	if state == nil { // the program has reaped all its children by itself, and with them ours
		return -1, &ExitError{PID: st.pid, Code: -1, Stderr: tail(st.crash)}
	}
	status, _ := state.Sys().(syscall.WaitStatus)
	code = state.ExitCode()
	if status.Signaled() {
		code = -int(status.Signal())
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.told {
		return code, st.failure
	}
	reached := false
	select {
	case <-st.hello:
		reached = true
	default:
	}
	if code == 0 && reached && st.take == nil {
		return 0, nil // os.Exit(0) in a function whose result nobody wants
	}
	e := &ExitError{PID: st.pid, Code: code, Cause: st.cause, PeakMemory: boot.PeakMemory(state), Stderr: tail(st.crash)}
	if st.owner != nil {
		e.Process = st.owner.Name
	}
	if status.Signaled() {
		e.Code, e.Signal = -1, status.Signal()
		e.OutOfMemory = st.overMemory || e.Signal == syscall.SIGKILL && st.cause == nil && boot.OOMKills() > st.kills
	}
	if len(e.Stderr) == 0 && st.streams != nil {
		e.Stderr = st.streams.tail()
	}
	return code, e
}

// oomKillsAtStart is read once: reading it for each child would cost a file. A kill of another process
// since then can be mistaken for ours, if ours too got a SIGKILL from somebody.
var oomKillsAtStart = sync.OnceValue(boot.OOMKills)
