package boot

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

// Child is a process that Start started. It is the leader of its own process group, so the terminal's
// Ctrl-C does not reach it, and it is killed when this process ends, however that happens. That holds for
// an exec of this process too: the kernel's rule is about the thread that started it.
//
// It is watched from the start: its end is noticed, and the process reaped, whether anybody asks or not. All methods
// may be called from several goroutines. Cost while it runs: one goroutine, two descriptors, no thread.
type Child struct {
	process *os.Process
	control *os.File
	done    chan struct{}
	state   *os.ProcessState // set before done is closed

	mu     sync.Mutex
	reaped bool // the pid, and with it the group's number, may be another's
	ended  bool // its tree was told to end
}

// PID is the process's number. After Done it may be another's.
func (c *Child) PID() int { return c.process.Pid }

// Control is the parent's end of the control socket: non-blocking, through the netpoller. Frames that the child
// sent before it ended can still be read after Done. A child that ended without reading all that it was sent
// makes a read fail with ECONNRESET where one expects the end of file. The caller closes it, by Close.
func (c *Child) Control() *os.File { return c.control }

// Done is closed once every thread of the process has ended and it has been reaped.
func (c *Child) Done() <-chan struct{} { return c.done }

// State is how the process ended; nil before Done. It stays nil if the kernel would not tell, because another part
// of this program waits for every child there is (wait4 with -1).
func (c *Child) State() *os.ProcessState {
	select {
	case <-c.done:
		return c.state
	default:
		return nil
	}
}

// Signal sends sig to the process alone. It never reaches a later process of the same number; after the
// end it returns os.ErrProcessDone.
func (c *Child) Signal(sig os.Signal) error { return c.process.Signal(sig) }

// SignalTree sends sig to the process and to everything that it started in its group: commands, but not
// the children that it started by this package, which have groups of their own and die with it. A process that has
// ended but was not reaped yet stands for its group still; after Done it is os.ErrProcessDone.
//
// After SIGTERM or SIGKILL no member of the group outlives the child: those that are left at its end are killed.
func (c *Child) SignalTree(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return os.ErrProcessDone
	}
	if sig == syscall.SIGTERM || sig == syscall.SIGKILL {
		c.ended = true
	}
	if err := signalGroup(c.process.Pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return os.NewSyscallError("kill", err)
	}
	return nil
}

// Close closes the control socket. A child sees its end of file, which is for it the end of its parent;
// nothing else is done to it. Closing again is os.ErrClosed.
func (c *Child) Close() error { return c.control.Close() }
