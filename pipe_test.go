//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// echoes sends back what it receives, until the other side is gone.
var echoes = mp.Proc(func(ctx context.Context, c *mp.Connection[string, string]) error {
	for s, err := range c.All(ctx) {
		if err != nil {
			return err
		}
		if err := c.SendContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
})

// soon is how long what must be noticed may take.
const soon = 20 * time.Second

// eof fails the test unless the connection is at its end, soon.
func eof[S, R any](t *testing.T, c *mp.Connection[S, R]) {
	t.Helper()
	within(t, soon, "the end of the pipe", func() {
		if v, err := c.Recv(); err != io.EOF {
			t.Errorf("received %v, %v, expected io.EOF", v, err)
		}
	})
}

func gone(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, expected io.ErrClosedPipe", err)
	}
}

// The common program closes nothing that it has passed on, and both sides learn of the other's end.
func TestPipeBothWays(t *testing.T) {
	mine, theirs := mp.NewPipe[string, string]()
	p := start(t, echoes(theirs))
	for i := range 100 {
		s := strings.Repeat("x", i*i)
		if err := mine.Send(s); err != nil {
			t.Fatal(err)
		}
		if got, err := mine.Recv(); err != nil || got != s {
			t.Fatalf("%d bytes went, %d came back: %v", len(s), len(got), err)
		}
	}
	if err := theirs.Send("me"); !errors.Is(err, mp.ErrClosed) || !strings.Contains(err.Error(), p.Name) {
		t.Errorf("sending by an end that was passed on: %v", err)
	}
	if err := (&mp.Process{Target: echoes(theirs)}).Start(context.Background()); !errors.Is(err, mp.ErrClosed) {
		t.Errorf("passing it on again: %v", err)
	}
	if err := errors.Join(mine.Close(), mine.Close(), theirs.Close()); err != nil {
		t.Error(err)
	}
	within(t, soon, "the child learns of it", func() {
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	})
}

func TestPipeOneWay(t *testing.T) {
	w, r := mp.NewPipe[int, mp.None]()
	if err := w.Send(1); err != nil {
		t.Fatal(err)
	}
	if v, err := r.Recv(); v != 1 || err != nil {
		t.Fatal(v, err)
	}
	_, recvErr := w.Recv()
	for _, err := range []error{recvErr, r.Send(mp.None{}), w.PollContext(context.Background())} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
	}
	_ = r.Close()
	gone(t, w.Send(2))
	r2, w2 := mp.NewPipe[mp.None, int]()
	if err := w2.Send(3); err != nil {
		t.Fatal(err)
	}
	_ = w2.Close()
	if v, err := r2.Recv(); v != 3 || err != nil {
		t.Fatal(v, err)
	}
	eof(t, r2)
}

func TestPipeContext(t *testing.T) {
	a, b := mp.NewPipe[int, int](mp.RingBytes(64))
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.RecvContext(ended); err != context.Canceled {
		t.Error(err)
	}
	for a.TrySend(1) == nil {
	}
	if err := a.SendContext(ended, 1); err != context.Canceled {
		t.Error(err)
	}
	if v, err := b.RecvContext(ended); v != 1 || err != nil { // what is there can be had
		t.Error(v, err)
	}
	if err := a.SendContext(ended, 1); err != nil {
		t.Error(err)
	}
	if err := a.PollContext(ended); err != context.Canceled {
		t.Error(err)
	}
	later, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err := a.RecvContext(later); err != context.DeadlineExceeded {
		t.Error(err)
	}
}

func TestPipeBytes(t *testing.T) {
	a, b := mp.NewPipe[string, string](mp.Name("bytes"), mp.RingBytes(4096))
	if err := errors.Join(a.SendBytes([]byte("raw")), a.Send("value"), a.SendBytes(nil), a.SendBytes([]byte("too long")), a.SendBytes([]byte("12345678"))); err != nil {
		t.Fatal(err)
	}
	if m, err := b.RecvBytes(); string(m) != "raw" || err != nil {
		t.Errorf("%q, %v", m, err)
	}
	if m, err := b.RecvBytes(); string(m) != "value" || err != nil {
		t.Errorf("%q, %v", m, err)
	}
	if m, err := b.RecvBytes(); m == nil || len(m) != 0 || err != nil {
		t.Errorf("%q, %v", m, err)
	}
	buf := []byte("........")
	n, err := b.RecvBytesInto(buf[:7])
	short, ok := errors.AsType[*mp.BufferTooShortError](err)
	if n != 0 || !ok || string(short.Message) != "too long" || short.Room != 7 || !errors.Is(err, io.ErrShortBuffer) || string(buf) != "........" {
		t.Errorf("%d, %v, %q", n, err, buf)
	}
	if !strings.Contains(err.Error(), "8 bytes came to a buffer of 7") {
		t.Error(err)
	}
	if n, err := b.RecvBytesInto(buf); n != 8 || err != nil || string(buf) != "12345678" {
		t.Errorf("%d, %v, %q", n, err, buf)
	}
	long := bytes.Repeat([]byte("long"), 50_000)
	for _, room := range []int{10, len(long), len(long) + 1} {
		if err := a.SendBytes(long); err != nil {
			t.Fatal(err)
		}
		into := make([]byte, room)
		n, err := b.RecvBytesInto(into)
		short, ok := errors.AsType[*mp.BufferTooShortError](err)
		if room < len(long) && (!ok || !bytes.Equal(short.Message, long)) || room >= len(long) && (err != nil || !bytes.Equal(into[:n], long)) {
			t.Errorf("a long message in a buffer of %d: %d, %v", room, n, err)
		}
	}
	if err := a.SendBytes(long); err != nil {
		t.Fatal(err)
	}
	if got, err := b.RecvBytes(); err != nil || !bytes.Equal(got, long) {
		t.Errorf("%d bytes came, %v", len(got), err)
	}
	kept := memory(t, "bytes")
	for i := range 20 {
		if err := a.SendBytes(long); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			_, err = b.RecvBytes()
		} else {
			_, err = b.RecvBytesInto(buf)
		}
		if err != nil && !errors.Is(err, io.ErrShortBuffer) {
			t.Fatal(err)
		}
	}
	if n := memory(t, "bytes"); n > kept+int64(len(long)) {
		t.Errorf("the pipe has %d bytes after 20 long messages, %d before", n, kept)
	}
}

type invitation struct {
	Name string
	To   *mp.Connection[string, string]
}

// A handle travels in a message; the sender keeps its own until the receiver has the end.
func TestPipeInAMessage(t *testing.T) {
	q := mp.NewQueue[invitation](1)
	p := start(t, accept(q))
	mine, theirs := mp.NewPipe[string, string]()
	if err := q.Put(invitation{"first", theirs}); err != nil {
		t.Fatal(err)
	}
	within(t, soon, "the answer", func() {
		if s, err := mine.Recv(); s != "first" || err != nil {
			t.Error(s, err)
		}
	})
	_ = theirs.Close()
	if err := p.Join(); err != nil {
		t.Error(err)
	}
	eof(t, mine)
	// Closed before it was received, the end is gone, and nothing is held of it.
	func() {
		mine, theirs := mp.NewPipe[string, string](mp.Name("gone"))
		if err := q.Put(invitation{"second", theirs}); err != nil {
			t.Fatal(err)
		}
		_ = theirs.Close()
		if _, err := q.Get(); !errors.Is(err, mp.ErrClosed) {
			t.Error(err)
		}
		eof(t, mine)
	}()
	shrinks(t, "gone", 0)
}

var accept = mp.Proc(func(ctx context.Context, q *mp.Queue[invitation]) error {
	i, err := q.GetContext(ctx)
	if err != nil {
		return err
	}
	return i.To.SendContext(ctx, i.Name)
})

func TestNewPipeRefuses(t *testing.T) {
	for want, f := range map[string]func(){
		"is of type chan int": func() { mp.NewPipe[int, struct{ C chan int }]() },
		"RingBytes(-1)":       func() { mp.NewPipe[int, int](mp.RingBytes(-1)) },
		"nothing travels":     func() { mp.NewPipe[mp.None, mp.None]() },
	} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, want) {
					t.Errorf("got %s, expected it to tell %q", r, want)
				}
			}()
			f()
		}()
	}
	a, b := mp.NewPipe[int, string]()
	first, err := a.MarshalBinary()
	second, err2 := b.MarshalBinary()
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	var right mp.Connection[string, int]
	if err := right.UnmarshalBinary(second); err != nil {
		t.Error(err)
	}
	var wrong mp.Connection[string, int]
	if err := wrong.UnmarshalBinary(first); err == nil || !strings.Contains(err.Error(), "Pipe[int, string], not a Pipe[string, int]") {
		t.Error(err)
	}
	var zero mp.Connection[int, int]
	if _, err := zero.MarshalBinary(); err == nil || zero.Send(1) == nil || zero.Close() != nil {
		t.Error("a zero connection works")
	}
	if _, err := zero.Clone(); err == nil {
		t.Error("a zero connection is cloned")
	}
}
