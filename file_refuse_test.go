//go:build linux

package mp_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/multiproc/mp"
)

type noDescriptor struct {
	raw syscall.RawConn
	err error
}

func (n noDescriptor) SyscallConn() (syscall.RawConn, error) { return n.raw, n.err }

type wrongDescriptor uintptr

func (w wrongDescriptor) SyscallConn() (syscall.RawConn, error) { return w, nil }
func (w wrongDescriptor) Control(f func(uintptr)) error         { f(uintptr(w)); return nil }
func (w wrongDescriptor) Read(func(uintptr) bool) error         { return nil }
func (w wrongDescriptor) Write(func(uintptr) bool) error        { return nil }

func TestNewFileOfNothing(t *testing.T) {
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, c := range map[string]struct {
		from syscall.Conn
		want string
	}{
		"nil":            {nil, "found a nil"},
		"a nil file":     {(*os.File)(nil), "found a nil *os.File"},
		"a nil conn":     {(*net.TCPConn)(nil), "found a nil *net.TCPConn"},
		"a closed file":  {closed, "closed"},
		"no descriptor":  {noDescriptor{}, "expected something with a descriptor"},
		"its own error":  {noDescriptor{err: io.ErrNoProgress}, io.ErrNoProgress.Error()},
		"a wrong number": {wrongDescriptor(1 << 30), "bad file descriptor"},
		"minus one":      {^wrongDescriptor(0), "bad file descriptor"},
	} {
		if f, err := mp.NewFile(c.from); err == nil || f != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, expected %q", name, f, err, c.want)
		}
	}
	var zero mp.File
	if _, err := zero.Open(); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	if _, err := zero.MarshalBinary(); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	if err := zero.Close(); err != nil || zero.Got() != nil {
		t.Error(err)
	}
}

// Bytes that are no handle are errors; they open nothing.
func TestFileOfBadBytes(t *testing.T) {
	f := newFile(t, os.Stdout)
	b, err := f.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	before := descriptors(t)
	for n := range b {
		var g mp.File
		if err := g.UnmarshalBinary(b[:n]); err == nil {
			t.Errorf("%d of %d bytes are a File", n, len(b))
		}
	}
	for i := range b[:len(b)-len(os.Stdout.Name())] {
		bad := append([]byte(nil), b...)
		bad[i] ^= 1
		var g mp.File
		if err := g.UnmarshalBinary(bad); err == nil {
			t.Errorf("byte %d of %d can be any", i, len(b))
			_ = g.Close()
		}
	}
	nothingLeft(t, before) // the desk may still be about to close its end of a line
}
