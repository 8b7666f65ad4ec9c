//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/multiproc/mp"
	"golang.org/x/sys/unix"
)

// What CPython's tests of descriptors in messages ask; the names are those of the originals.

type fileConn = mp.Connection[*mp.File, string]

// writeFD is _writefd: it takes numbers away, if asked to, and writes to what it is sent.
var writeFD = mp.Proc3(func(_ context.Context, c *mp.Connection[string, *mp.File], data string, below int) error {
	for range below {
		if _, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 0); err != nil {
			return err
		}
	}
	f, err := c.Recv()
	if err != nil {
		return err
	}
	o, err := f.Open()
	if err != nil {
		return err
	}
	if below > 0 && o.Fd() < uintptr(below) {
		return fmt.Errorf("descriptor %d, expected one above %d", o.Fd(), below)
	}
	_, err = o.WriteString(data)
	return errors.Join(err, o.Close(), f.Close())
})

func TestFileTransfer(t *testing.T) {
	t.Run("fd", func(t *testing.T) { transfers(t, "foo", 0) })
	t.Run("large_fd", func(t *testing.T) { transfers(t, "bar", 256) })
	t.Run("missing_fd", func(t *testing.T) {
		conn, child := mp.NewPipe[string, *mp.File]()
		p := start(t, sendNothing(child))
		if f, err := conn.Recv(); err == nil || f != nil {
			t.Errorf("got %v, %v", f, err)
		}
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	})
	t.Run("pickling", func(t *testing.T) { within(t, soon, "the three", func() { pickles(t) }) })
	t.Run("access", func(t *testing.T) { within(t, soon, "both ways", func() { accesses(t) }) })
}

func transfers(t *testing.T, data string, above int) {
	path := filepath.Join(t.TempDir(), "file")
	o, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if above > 0 {
		fd, err := unix.FcntlInt(o.Fd(), unix.F_DUPFD_CLOEXEC, above)
		if err != nil {
			t.Fatal(err)
		}
		_ = o.Close()
		o = os.NewFile(uintptr(fd), path)
	}
	conn, child := mp.NewPipe[*mp.File, string]()
	p := start(t, writeFD(child, data, above))
	f := newFile(t, o)
	if err := errors.Join(o.Close(), conn.Send(f), p.Join()); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != data {
		t.Errorf("%q, %v", b, err)
	}
}

var sendNothing = mp.Proc(func(_ context.Context, c *mp.Connection[*mp.File, string]) error {
	return c.SendBytes([]byte{1, 3, 0, 0, 0})
})

// listensFor accepts one connection for its parent.
var listensFor = mp.Proc2(func(_ context.Context, c *mp.Connection[string, mp.None], out *mp.Queue[*mp.File]) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	if err := c.Send(l.Addr().String()); err != nil {
		return err
	}
	accepted, err := l.Accept()
	if err != nil {
		return err
	}
	f, err := mp.NewFile(accepted.(syscall.Conn))
	if err = errors.Join(err, accepted.Close()); err != nil {
		return err
	}
	if err := out.Put(f); err != nil {
		return err
	}
	<-f.Got()
	return f.Close()
})

var dials = mp.Proc2(func(_ context.Context, address, msg string) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c, strings.ToUpper(msg))
	return errors.Join(err, c.Close())
})

func pickles(t *testing.T) {
	conn, child := mp.NewPipe[mp.None, string]()
	out := mp.NewQueue[*mp.File](0)
	lp := start(t, listensFor(child, out))
	address, err := conn.Recv()
	if err != nil {
		t.Error(err)
		return
	}
	rp := start(t, dials(address, "This connection uses a normal socket"))
	f, err := out.Get()
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if b, err := io.ReadAll(opened(t, f)); err != nil || string(b) != "THIS CONNECTION USES A NORMAL SOCKET" {
		t.Errorf("%q, %v", b, err)
	}
	if err := errors.Join(lp.Join(), rp.Join()); err != nil {
		t.Error(err)
	}
}

// childAccess writes to the first File that it is sent, and sends back twice what it reads from the second.
var childAccess = mp.Proc(func(_ context.Context, c *mp.Connection[string, *mp.File]) error {
	var files [2]*os.File
	for i := range files {
		f, err := c.Recv()
		if err != nil {
			return err
		}
		if files[i], err = f.Open(); err != nil {
			return err
		}
		if i == 0 {
			_, err = files[0].WriteString("all is well")
			err = errors.Join(err, files[0].Close())
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	b, err := io.ReadAll(files[1])
	if err != nil {
		return err
	}
	return c.Send(strings.Repeat(string(b), 2))
})

// sendEnd sends a File of o, which this process then has no more.
func sendEnd(t *testing.T, conn *fileConn, o *os.File) {
	t.Helper()
	f := newFile(t, o)
	if err := errors.Join(o.Close(), conn.Send(f)); err != nil {
		t.Error(err)
		return
	}
	<-f.Got()
	_ = f.Close()
}

func accesses(t *testing.T) {
	conn, child := mp.NewPipe[*mp.File, string]()
	p := start(t, childAccess(child))
	r, w, err := os.Pipe()
	if err != nil {
		t.Error(err)
		return
	}
	sendEnd(t, conn, w)
	if b, err := io.ReadAll(r); err != nil || string(b) != "all is well" {
		t.Errorf("%q, %v", b, err)
	}
	_ = r.Close()
	if r, w, err = os.Pipe(); err != nil {
		t.Error(err)
		return
	}
	sendEnd(t, conn, r)
	if _, err := w.WriteString("foobar"); err != nil {
		t.Error(err)
	}
	_ = w.Close()
	if s, err := conn.Recv(); err != nil || s != "foobarfoobar" {
		t.Errorf("%q, %v", s, err)
	}
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}
