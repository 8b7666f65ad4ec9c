//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// What CPython's tests of pipes ask; the names are those of the originals.

type anyConn = mp.Connection[any, any]

// echoBytes is _echo: it sends back what comes, byte for byte, until an empty message.
var echoBytes = mp.Proc(func(ctx context.Context, c *anyConn) error {
	for {
		b, err := c.RecvBytes()
		if err != nil {
			return err
		}
		if len(b) == 0 {
			return c.Close()
		}
		if err := c.SendBytes(b); err != nil {
			return err
		}
	}
})

func TestConnection(t *testing.T) {
	t.Run("connection", func(t *testing.T) { within(t, soon, "the conversation", func() { converse(t) }) })
	t.Run("spawn_close", func(t *testing.T) {
		conn, child := mp.NewPipe[any, any]()
		p := start(t, echoBytes(child))
		_ = child.Close()
		back(t, conn, []byte("hello"))
		ends(t, conn, p)
	})
	t.Run("sendbytes", func(t *testing.T) {
		msg := []byte("abcdefghijklmnopqrstuvwxyz")
		a, b := mp.NewPipe[any, any]()
		for _, part := range [][]byte{msg, msg[5:], msg[7:15], msg[26:], {}} {
			if err := a.SendBytes(part); err != nil {
				t.Fatal(err)
			}
			if got, err := b.RecvBytes(); err != nil || !bytes.Equal(got, part) {
				t.Errorf("%q went, %q came: %v", part, got, err)
			}
		}
	})
	t.Run("context", func(t *testing.T) {
		a, b := mp.NewPipe[any, any]()
		func() {
			defer a.Close()
			defer b.Close()
			if err := a.Send(1729); err != nil {
				t.Error(err)
			}
			if v, err := b.Recv(); v != 1729 || err != nil {
				t.Error(v, err)
			}
		}()
		if _, err := a.Recv(); !errors.Is(err, mp.ErrClosed) {
			t.Error(err)
		}
	})
}

func back(t *testing.T, c *anyConn, msg []byte) {
	t.Helper()
	if err := c.SendBytes(msg); err != nil {
		t.Error(err)
	}
	if got, err := c.RecvBytes(); err != nil || !bytes.Equal(got, msg) {
		t.Errorf("%d bytes went, %d came: %v", len(msg), len(got), err)
	}
}

func ends(t *testing.T, c *anyConn, p *mp.Process) {
	t.Helper()
	if err := c.SendBytes(nil); err != nil {
		t.Error(err)
	}
	if _, err := c.Recv(); err != io.EOF {
		t.Error(err)
	}
	if _, err := c.RecvBytes(); err != io.EOF {
		t.Error(err)
	}
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

func converse(t *testing.T) {
	conn, child := mp.NewPipe[any, any]()
	p := start(t, echoBytes(child))
	seq := []any{1, 2.25, nil}
	if err := conn.Send(seq); err != nil {
		t.Error(err)
	}
	if v, err := conn.Recv(); err != nil || !reflect.DeepEqual(v, seq) {
		t.Error(v, err)
	}
	back(t, conn, []byte("hello world"))

	buffer, arr := make([]byte, 40), []byte{0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}
	for _, at := range []int{0, 12} {
		if err := conn.SendBytes(arr); err != nil {
			t.Error(err)
		}
		if n, err := conn.RecvBytesInto(buffer[at:]); n != len(arr) || err != nil || !bytes.Equal(buffer[at:at+n], arr) {
			t.Error(n, err, buffer)
		}
	}
	long := bytes.Repeat([]byte("hello world"), 10)
	if err := conn.SendBytes(long); err != nil {
		t.Error(err)
	}
	_, err := conn.RecvBytesInto(buffer)
	if short, ok := errors.AsType[*mp.BufferTooShortError](err); !ok || !bytes.Equal(short.Message, long) {
		t.Error(err)
	}

	for _, d := range []time.Duration{-1, 0, time.Millisecond} {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		if err := conn.PollContext(ctx); conn.Poll() || err != context.DeadlineExceeded {
			t.Error(d, err)
		}
		cancel()
	}
	if err := conn.Send(nil); err != nil {
		t.Error(err)
	}
	if err := conn.PollContext(context.Background()); err != nil || !conn.Poll() {
		t.Error(err)
	}
	if v, err := conn.Recv(); v != nil || err != nil {
		t.Error(v, err)
	}
	back(t, conn, bytes.Repeat([]byte("X"), 16<<20))
	ends(t, conn, p)
}

// sayStrings is _child_strings and _child_dont_merge.
var sayStrings = mp.Proc2(func(ctx context.Context, c *mp.Connection[[]byte, mp.None], all []string) error {
	for _, s := range all {
		if err := c.SendBytes([]byte(s)); err != nil {
			return err
		}
	}
	return c.Close()
})

// pollOnly is _child_boundaries.
var pollOnly = mp.Proc2(func(ctx context.Context, c *mp.Connection[mp.None, []byte], g gate) error {
	g.pass()
	return c.PollContext(ctx)
})

func TestPoll(t *testing.T) {
	t.Run("empty_string", func(t *testing.T) {
		a, b := mp.NewPipe[any, any]()
		if a.Poll() {
			t.Error("nothing was sent")
		}
		if err := b.SendBytes(nil); err != nil || !a.Poll() || !a.Poll() {
			t.Error(err)
		}
	})
	for name, all := range map[string][]string{"strings": {"hello", "", "a", "b", "", "bye", "", "lop"}, "dont_merge": {"a", "b", "cd"}} {
		t.Run(name, func(t *testing.T) {
			w, r := mp.NewPipe[[]byte, mp.None]()
			p := start(t, sayStrings(w, all))
			for _, want := range all {
				if err := r.PollContext(t.Context()); err != nil || !r.Poll() || !r.Poll() {
					t.Error(err)
				}
				if got, err := r.RecvBytes(); string(got) != want || err != nil {
					t.Errorf("got %q, %v, expected %q", got, err, want)
				}
			}
			if err := p.Join(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("boundaries", func(t *testing.T) {
		r, w := mp.NewPipe[mp.None, []byte]()
		theirs, err := r.Clone()
		if err != nil {
			t.Fatal(err)
		}
		g := newGate()
		p := start(t, pollOnly(theirs, g))
		g.wait(t, 1)
		if err := errors.Join(w.SendBytes([]byte("first")), w.SendBytes([]byte("second")), w.Close(), p.Join()); err != nil {
			t.Error(err)
		}
		if b, err := r.RecvBytes(); string(b) != "first" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
	})
}

type numberFrom struct{ N, PID int }

var sayTen = mp.Proc(func(ctx context.Context, c *mp.Connection[numberFrom, mp.None]) error {
	for i := range 10 {
		if err := c.Send(numberFrom{i, os.Getpid()}); err != nil {
			return err
		}
	}
	return c.Close()
})

func TestWaitForChildren(t *testing.T) {
	var readers []mp.Waitable
	var want, got []string
	for range 4 {
		w, r := mp.NewPipe[numberFrom, mp.None]()
		p := start(t, sayTen(w))
		readers = append(readers, r)
		for i := range 10 {
			want = append(want, fmt.Sprint(numberFrom{i, p.PID()}))
		}
	}
	for len(readers) > 0 {
		ready, err := mp.Wait(t.Context(), readers...)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range ready {
			switch v, err := r.(*mp.Connection[mp.None, numberFrom]).Recv(); err {
			case nil:
				got = append(got, fmt.Sprint(v))
			case io.EOF:
				readers = slices.DeleteFunc(readers, func(x mp.Waitable) bool { return x == r })
			default:
				t.Fatal(err)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// test_wait_integer: the end of a process beside two connections, in the order given.
func TestWaitForAProcess(t *testing.T) {
	a, b := mp.NewPipe[any, any]()
	p := start(t, sayTen(func() *mp.Connection[numberFrom, mp.None] {
		w, r := mp.NewPipe[numberFrom, mp.None]()
		_ = r.Poll()
		return w
	}()))
	waits(t, t.Context(), all(p), a, p, b)
	if err := a.Send(nil); err != nil {
		t.Error(err)
	}
	waits(t, t.Context(), all(p, b), a, p, b)
	if err := b.Send(nil); err != nil {
		t.Error(err)
	}
	waits(t, t.Context(), all(a, p, b), a, p, b)
}

// test_ignore: signals come to one who waits for a message, and for room.
func TestPipeSignals(t *testing.T) {
	conn, child := mp.NewPipe[any, any](mp.RingBytes(1 << 13))
	g := newGate()
	p := start(t, readyAndBack(child, g))
	pester := func(n int) {
		g.wait(t, n)
		for range 20 {
			if err := p.Signal(syscall.SIGURG); err != nil {
				t.Error(err)
			}
		}
	}
	pester(1)
	if err := conn.Send(1234); err != nil {
		t.Error(err)
	}
	if v, err := conn.Recv(); v != 1234 || err != nil {
		t.Error(v, err)
	}
	pester(2)
	for range 20 {
		if b, err := conn.RecvBytes(); len(b) != 2000 || err != nil {
			t.Error(len(b), err)
		}
	}
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

var readyAndBack = mp.Proc2(func(ctx context.Context, c *anyConn, g gate) error {
	g.pass()
	v, err := c.Recv()
	if err = errors.Join(err, c.Send(v)); err != nil {
		return err
	}
	g.pass()
	for range 20 {
		if err := c.SendBytes(make([]byte, 2000)); err != nil {
			return err
		}
	}
	return nil
})

// test_access: ends travel through a pipe, in the order in which they are opened.
func TestPipeThroughAPipe(t *testing.T) {
	conn, child := mp.NewPipe[*anyConn, string]()
	p := start(t, takeEnds(child))
	r1, w1 := mp.NewPipe[any, any]()
	r2, w2 := mp.NewPipe[any, any]()
	if err := errors.Join(conn.Send(w1), conn.Send(r2), w2.Send("foobar")); err != nil {
		t.Fatal(err)
	}
	if v, err := r1.Recv(); v != "all is well" || err != nil {
		t.Error(v, err)
	}
	_ = w1.Close()
	if v, err := conn.Recv(); v != "foobarfoobar" || err != nil {
		t.Error(v, err)
	}
	_ = r2.Close()
	eof(t, r1)
	eof(t, w2)
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

var takeEnds = mp.Proc(func(ctx context.Context, c *mp.Connection[string, *anyConn]) error {
	w, err := c.Recv()
	if err = errors.Join(err, w.Send("all is well"), w.Close()); err != nil {
		return err
	}
	r, err := c.Recv()
	if err != nil {
		return err
	}
	v, err := r.Recv()
	s, _ := v.(string)
	return errors.Join(err, c.Send(s+s))
})
