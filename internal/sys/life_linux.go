package sys

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrTaken is what TakeByte returns for a byte that somebody else holds.
var ErrTaken error = syscall.EAGAIN

// Reopen makes a new open file description of the file behind f. Byte locks belong to the description.
func Reopen(f *os.File) (*os.File, error) {
	path := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("mp: reopening the shared memory (is /proc mounted?): %w", &os.PathError{Op: "open", Path: path, Err: err})
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// TakeByte write-locks one byte for the open file description of f, or returns ErrTaken. The kernel
// drops the lock when the last holder of the description is gone, i.e. after the last thread of the
// process has stopped for good. fcntl(2), F_OFD_SETLK.
func TakeByte(f *os.File, b int64) error {
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: b, Len: 1}
	return unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &l)
}

// ByteTaken tells whether another description than f's holds the byte. 159 ns.
func ByteTaken(f *os.File, b int64) (bool, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: b, Len: 1}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &l); err != nil {
		return true, os.NewSyscallError("fcntl(F_OFD_GETLK)", err)
	}
	return l.Type != unix.F_UNLCK, nil
}
