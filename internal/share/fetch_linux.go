package share

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/multiproc/mp/internal/failpoint"
	"golang.org/x/sys/unix"
)

// Fetch gets a descriptor of the open file that owner's desk offers under this ticket. It is for d's own desk. patience is
// how long the other process may take; then the error is os.ErrDeadlineExceeded. ErrWithdrawn, ErrNobody and ErrElsewhere
// tell the usual reasons. About 50 µs.
func (d *Desk) Fetch(owner string, t Ticket, patience time.Duration) (*Descriptor, error) {
	if here := namespace(); t.Namespace != 0 && here != 0 && t.Namespace != here {
		return nil, ErrElsewhere
	}
	l, err := call(socketName(owner, t.Socket), patience)
	if err != nil {
		return nil, meaning(err)
	}
	defer l.close()
	failpoint.Hit("fetch: connected")
	if err := l.do(sameUser); err != nil { // before the key is said
		return nil, err
	}
	if err := l.do(func(fd int) error { return unix.Sendmsg(fd, t.Key[:], nil, nil, unix.MSG_NOSIGNAL) }); err != nil {
		return nil, meaning(err)
	}
	failpoint.Hit("fetch: asked")
	fd, err := l.receive(patience)
	if err != nil {
		return nil, meaning(err)
	}
	failpoint.Hit("fetch: got")
	return d.descriptor(fd), nil
}

// meaning says what an error of the socket means here.
func meaning(err error) error {
	switch {
	case errors.Is(err, unix.ENOENT):
		return ErrWithdrawn
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		return ErrNobody
	}
	return err
}

// call connects. The socket blocks until then: otherwise connect fails when too many stand before the window, and nothing
// tells when there are fewer.
func call(name string, patience time.Duration) (*line, error) {
	fd, err := newSocket(0)
	if err != nil {
		return nil, err
	}
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	err = os.NewSyscallError("setsockopt(SO_SNDTIMEO)", unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit))
	if err == nil {
		err = connect(fd, name, time.Now().Add(patience))
	}
	if err == nil {
		err = os.NewSyscallError("fcntl", unix.SetNonblock(fd, true))
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return newLine(fd)
}

func connect(fd int, name string, until time.Time) error {
	for {
		err := unix.Connect(fd, &unix.SockaddrUnix{Name: name})
		switch {
		case err == unix.EAGAIN, err == unix.EINTR && time.Now().After(until):
			return os.ErrDeadlineExceeded
		case err != unix.EINTR:
			return os.NewSyscallError("connect", err)
		}
	}
}

// receive gets the answer.
func (l *line) receive(patience time.Duration) (int, error) {
	var answer [1]byte
	rights := make([]byte, unix.CmsgSpace(4))
	var n, more, flags int
	if err := l.await(patience, func(fd int) (err error) {
		n, more, flags, _, err = unix.Recvmsg(fd, answer[:], rights, unix.MSG_CMSG_CLOEXEC)
		return err
	}); err != nil {
		return -1, err
	}
	fds := descriptors(rights[:more])
	if len(fds) == 1 && n == 1 && answer[0] == 0 {
		return fds[0], nil
	}
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
	switch {
	case n == 0:
		return -1, unix.ECONNRESET
	case answer[0] != 0:
		return -1, unix.Errno(answer[0])
	case flags&unix.MSG_CTRUNC != 0:
		return -1, fmt.Errorf("this process may not open more descriptors (ulimit -n): %w", unix.EMFILE)
	}
	return -1, fmt.Errorf("expected one descriptor, found %d", len(fds))
}

// descriptors are those that came beside a message.
func descriptors(rights []byte) (all []int) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil
	}
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil {
			all = append(all, fds...)
		}
	}
	return all
}
