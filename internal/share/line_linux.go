package share

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// line is a socket in the netpoller, without package net: every program that imports the root would link it.
type line struct {
	file *os.File
	raw  syscall.RawConn
}

// newLine owns fd, which must not block.
func newLine(fd int) (*line, error) {
	f := os.NewFile(uintptr(fd), "desk")
	raw, err := f.SyscallConn()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &line{f, raw}, nil
}

// close wakes who waits, and returns when the descriptor is closed.
func (l *line) close() { _ = l.file.Close() }

// await does f until it would not block; d is how long that may take, 0: for ever. f takes no locks.
func (l *line) await(d time.Duration, f func(fd int) error) (err error) {
	until := time.Time{}
	if d > 0 {
		until = time.Now().Add(d)
	}
	if err := l.file.SetReadDeadline(until); err != nil {
		return err
	}
	waited := l.raw.Read(func(fd uintptr) bool {
		for {
			if err = f(int(fd)); err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	})
	if waited != nil {
		return waited
	}
	return err
}

// do does f, which must not block, once.
func (l *line) do(f func(fd int) error) (err error) {
	if closed := l.raw.Control(func(fd uintptr) { err = f(int(fd)) }); closed != nil {
		return closed
	}
	return err
}

// sameUser refuses the other end of a connection if it belongs to another user.
func sameUser(fd int) error {
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return os.NewSyscallError("getsockopt(SO_PEERCRED)", err)
	}
	if me := os.Geteuid(); int(peer.Uid) != me {
		return fmt.Errorf("expected user %d at the other end, found %d", me, peer.Uid)
	}
	return nil
}
