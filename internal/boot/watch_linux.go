package boot

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func signalGroup(leader int, sig syscall.Signal) error { return syscall.Kill(-leader, sig) }

// openPidfd opens a descriptor that becomes readable once every thread of the process has ended, for the netpoller. nil
// if there is none: a kernel before 5.10, a filter that forbids it, no descriptor left.
//
// It is a descriptor apart from that of the os.Process: on a non-blocking one, waitid fails instead of waiting.
func openPidfd(pid int) *os.File {
	fd, err := unix.PidfdOpen(pid, unix.O_NONBLOCK) // PIDFD_NONBLOCK
	if err != nil {
		return nil
	}
	return os.NewFile(uintptr(fd), "pidfd")
}

// watch waits for the end of the child and reaps it.
func (c *Child) watch() {
	if pidfd := openPidfd(c.process.Pid); pidfd != nil {
		awaitReadable(pidfd)
		_ = pidfd.Close()
	}
	c.reap(awaitEnd(c.process.Pid))
}

// awaitReadable parks the goroutine in the netpoller, as a read from a socket would: a thread for each child would be too dear.
func awaitReadable(f *os.File) {
	raw, err := f.SyscallConn()
	if err != nil {
		return // awaitEnd waits all the same, with a thread
	}
	_ = raw.Read(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		return n > 0 || err != nil && err != unix.EINTR
	})
}

// awaitEnd returns when the process can be reaped, and leaves it as it is. After awaitReadable that is at once, but for
// a child that a debugger traces. False: somebody else in this program has reaped it.
func awaitEnd(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err == nil
		}
	}
}

// reap takes the exit status, which frees the pid. Until then the corpse keeps the number of its group from being
// used again, so what is left of the group is killed before. Without a corpse the number may be another group's.
func (c *Child) reap(corpse bool) {
	c.mu.Lock()
	if c.ended && corpse {
		_ = signalGroup(c.process.Pid, syscall.SIGKILL)
	}
	c.state, _ = c.process.Wait()
	c.reaped = true
	c.mu.Unlock()
	close(c.done)
}
