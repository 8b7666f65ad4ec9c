package main

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"
)

const sizeVariable = "QUEUES_SIZE"

// socketWay is a pair of Unix sockets; all messages have one size, and need no header.
type socketWay struct {
	conn  net.Conn
	other *exec.Cmd
	size  int
	in    []byte
}

// self is this program in a role.
func self(role string, size int) (*exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(path)
	c.Env = append(os.Environ(), roleVariable+"="+role, sizeVariable+"="+strconv.Itoa(size))
	c.Stderr = os.Stderr
	return c, nil
}

func socketOf(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	return net.FileConn(f)
}

func openSockets(_ context.Context, size int) (way, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	theirs := os.NewFile(uintptr(fds[1]), "theirs")
	defer theirs.Close()
	conn, err := socketOf(fds[0])
	if err != nil {
		return nil, err
	}
	other, err := self("sockets", size)
	if err != nil {
		return nil, err
	}
	other.ExtraFiles = []*os.File{theirs}
	return &socketWay{conn, other, size, make([]byte, size)}, other.Start()
}

func otherSocket() error {
	conn, err := socketOf(3)
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(os.Getenv(sizeVariable))
	if err != nil {
		return err
	}
	for m := make([]byte, size); ; {
		if _, err := io.ReadFull(conn, m); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if m[0] != take {
			if _, err := conn.Write(m); err != nil {
				return err
			}
		}
	}
}

func (w *socketWay) trip(n int) error {
	m := message(giveBack, w.size)
	for range n {
		if _, err := w.conn.Write(m); err != nil {
			return err
		}
		if _, err := io.ReadFull(w.conn, w.in); err != nil {
			return err
		}
	}
	return nil
}

func (w *socketWay) flood(n int) error {
	m := message(take, w.size)
	for i := range n {
		if i == n-1 {
			m[0] = answer
		}
		if _, err := w.conn.Write(m); err != nil {
			return err
		}
	}
	_, err := io.ReadFull(w.conn, w.in)
	return err
}

func (w *socketWay) close() error {
	w.conn.Close()
	return w.other.Wait()
}
