package boot

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const thisProgram = "/proc/self/exe"

// Start starts a process and returns once the new program runs, which says nothing about whether it is
// ready. Everything that Start opened is closed again if it fails. An error wraps the cause (EMFILE, EAGAIN, …) and
// names the limit that was reached.
//
// Cost: that of os.StartProcess (0.15 ms at best) plus the control socket and two changes of thread, 30 to 80 µs. The
// child runs during the second, so that until it is up it is about 5 % more; see BenchmarkStart.
func Start(s Spec) (*Child, error) {
	c, err := start(s)
	if err != nil {
		return nil, err
	}
	go c.watch()
	return c, nil
}

// start is Start without anybody who waits for the end.
func start(s Spec) (*Child, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	ours, theirs, err := controlSocket()
	if err != nil {
		return nil, explain(&s, err)
	}
	defer func() { _ = theirs.Close() }()
	process, err := fork(&s, theirs)
	if err != nil {
		_ = ours.Close()
		return nil, explain(&s, err)
	}
	return &Child{process: process, control: ours, done: make(chan struct{})}, nil
}

// controlSocket makes the two ends. The child makes its own non-blocking: done here, the netpoller of this process would
// take it too, be woken by it, and have to let go of it again.
func controlSocket() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		_, _ = unix.Close(fds[0]), unix.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control"), nil
}

// fork puts the descriptors in their places and has the starter do the rest.
func fork(s *Spec, control *os.File) (*os.Process, error) {
	stdin := s.Stdin
	if stdin == nil {
		fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: os.DevNull, Err: err}
		}
		stdin = os.NewFile(uintptr(fd), os.DevNull)
		defer func() { _ = stdin.Close() }()
	}
	files := []*os.File{stdin, or(s.Stdout, os.Stdout), or(s.Stderr, os.Stderr), s.Memory, s.Life, control}
	c := contract{memory: 3, life: 4, control: 5, crash: -1, slot: s.Slot}
	if s.Crash != nil {
		files = append(files, s.Crash)
		c.crash = 6
	}
	done := make(chan outcome, 1)
	o := order{path: s.Path, args: s.Args, done: done}
	if o.path == "" {
		o.path = thisProgram
	}
	if o.args == nil {
		o.args = os.Args
	}
	o.attr = &os.ProcAttr{
		Dir: s.Dir, Env: environment(s.Env, c), Files: files,
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true},
	}
	orders() <- o
	result := <-done
	return result.process, result.err
}

func or(f, otherwise *os.File) *os.File {
	if f != nil {
		return f
	}
	return otherwise
}

type order struct {
	path string
	args []string
	attr *os.ProcAttr
	done chan<- outcome
}

type outcome struct {
	process *os.Process
	err     error
}

// orders leads to the starter, the one goroutine that starts processes. It never lets go of its thread:
// the kernel sends a child its Pdeathsig when the *thread* that forked it ends, and Go ends threads at
// will (golang/go#27505).
var orders = sync.OnceValue(func() chan<- order {
	incoming := make(chan order)
	go func() {
		runtime.LockOSThread()
		for o := range incoming {
			process, err := os.StartProcess(o.path, o.args, o.attr)
			o.done <- outcome{process, err}
		}
	}()
	return incoming
})

// explain says what to do about an error of Start.
func explain(s *Spec, err error) error {
	if hint := hint(s, err); hint != "" {
		return fmt.Errorf("mp: starting a process: %w: %s", err, hint)
	}
	return fmt.Errorf("mp: starting a process: %w", err)
}

func hint(s *Spec, err error) string {
	switch {
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.EBADF): // EBADF: the child found no free number to move one to
		return "this process may not open more descriptors (ulimit -n)"
	case errors.Is(err, unix.ENFILE):
		return "this machine may not open more files (sysctl fs.file-max)"
	case errors.Is(err, unix.EAGAIN):
		return "this user or container may not have more processes (ulimit -u, or pids.max of the cgroup)"
	case errors.Is(err, unix.ENOMEM):
		return "there is not enough memory for another process"
	case errors.Is(err, unix.E2BIG):
		return "arguments and environment are too long (getconf ARG_MAX)"
	case errors.Is(err, unix.ENOENT):
		return missing(s)
	}
	return ""
}

// missing tells the three things apart that the kernel calls ENOENT.
func missing(s *Spec) string {
	if s.Dir != "" {
		if _, err := os.Stat(s.Dir); err != nil {
			return "the working directory: " + err.Error()
		}
	}
	if s.Path == "" {
		if _, err := os.Lstat(thisProgram); err != nil {
			return "a program starts itself through " + thisProgram + ": mount /proc"
		}
	}
	return ""
}
