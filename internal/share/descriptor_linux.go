package share

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Descriptor is an open descriptor, close-on-exec, that can be offered at a desk. It is kept out of the netpoller: nobody
// here reads it.
type Descriptor struct {
	desk    *Desk
	key     Key // under the desk's mutex, as offered
	offered bool

	mu sync.RWMutex
	fd int // -1: closed

	once  sync.Once
	given chan struct{}
}

// descriptor owns fd.
func (d *Desk) descriptor(fd int) *Descriptor {
	return &Descriptor{desk: d, fd: fd, given: make(chan struct{})}
}

// Given is closed when it was given to a process for the first time.
func (x *Descriptor) Given() <-chan struct{} { return x.given }

// Dup is a descriptor of the open file behind c, which stays the caller's.
func (d *Desk) Dup(c syscall.Conn) (*Descriptor, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, errors.New("expected something with a descriptor")
	}
	var fd int
	var dupErr error
	if err := raw.Control(func(theirs uintptr) { fd, dupErr = dup(int(theirs)) }); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, dupErr
	}
	return d.descriptor(fd), nil
}

func dup(fd int) (int, error) {
	fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3) // 3: a program may run without its standard streams
	return fd, os.NewSyscallError("fcntl(F_DUPFD_CLOEXEC)", err)
}

// use lends the descriptor to f; nobody closes it meanwhile.
func (x *Descriptor) use(f func(fd int) error) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.fd < 0 {
		return ErrClosed
	}
	return f(x.fd)
}

// File is one more descriptor of the open file, for the caller. It is in the netpoller if the open file is non-blocking.
func (x *Descriptor) File(name string) (f *os.File, err error) {
	err = x.use(func(fd int) error {
		fd, err := dup(fd)
		if err == nil {
			f = os.NewFile(uintptr(fd), name)
		}
		return err
	})
	return f, err
}

// Close withdraws the offer and closes the descriptor. A second Close does nothing.
func (x *Descriptor) Close() {
	x.desk.mu.Lock()
	x.mu.Lock()
	if x.fd >= 0 {
		_ = unix.Close(x.fd)
		x.fd = -1
	}
	x.mu.Unlock()
	idle := x.desk.withdraw(x)
	x.desk.mu.Unlock()
	for _, l := range idle {
		l.close()
	}
}
