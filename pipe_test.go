//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
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

// hangsWith holds an end and does nothing with it; if asked to, it sends first.
var hangsWith = mp.Proc3(func(_ context.Context, c *mp.Connection[int, int], send int, g gate) error {
	for i := range send {
		if err := c.Send(i); err != nil {
			return err
		}
	}
	g.pass()
	defer runtime.KeepAlive(c)
	select {}
})

func TestPipeEndsWithADeath(t *testing.T) {
	mine, theirs := mp.NewPipe[int, int]()
	g := newGate()
	p := start(t, hangsWith(theirs, 3, g))
	g.wait(t, 1)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	for i := range 3 { // what was sent is there
		if v, err := mine.Recv(); err != nil || v != i {
			t.Fatal(v, err)
		}
	}
	eof(t, mine)
	gone(t, mine.Send(1))
	gone(t, mine.TrySend(1))
}

// readsToEOF tells when it has come to the end.
var readsToEOF = mp.Func2(func(ctx context.Context, c *mp.Connection[int, int], g gate) (time.Time, error) {
	g.pass()
	_, err := c.RecvContext(ctx)
	if err != io.EOF {
		return time.Time{}, fmt.Errorf("got %v", err)
	}
	return time.Now(), nil
})

// A death is noticed by one who is not the parent, asleep in Recv.
func TestPipeDeathBetweenSiblings(t *testing.T) {
	a, b := mp.NewPipe[int, int]()
	g := newGate()
	type outcome struct {
		at  time.Time
		err error
	}
	done := make(chan outcome, 1)
	victim := start(t, hangsWith(a, 0, g))
	go func() {
		at, err := mp.Run(context.Background(), readsToEOF(b, g))
		done <- outcome{at, err}
	}()
	g.wait(t, 2)
	killed := time.Now()
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, soon, "the sibling learns of it", func() {
		o := <-done
		if o.err != nil {
			t.Error(o.err)
		}
		t.Logf("%v after the kill", o.at.Sub(killed))
	})
}

// Who has a clone keeps the end open.
func TestPipeClone(t *testing.T) {
	mine, theirs := mp.NewPipe[string, string]()
	kept, err := theirs.Clone()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, echoes(theirs))
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
	if v, err := mine.TryRecv(); !errors.Is(err, queue.ErrEmpty) || mine.Poll() {
		t.Fatalf("got %v, %v", v, err)
	}
	start(t, echoes(kept))
	if err := mine.Send("x"); err != nil {
		t.Fatal(err)
	}
	within(t, soon, "the second answers", func() {
		if v, err := mine.Recv(); err != nil || v != "x" {
			t.Error(v, err)
		}
	})
	if _, err := kept.Clone(); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
}

func TestPipeClose(t *testing.T) {
	a, b := mp.NewPipe[int, int]()
	for i := range 2 {
		if err := a.Send(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if !b.Poll() {
			t.Error("what was sent before the end cannot be had")
		}
		if v, err := b.Recv(); v != i || err != nil {
			t.Error(v, err)
		}
	}
	if !b.Poll() {
		t.Error("Poll does not tell of the end")
	}
	eof(t, b)
	gone(t, b.Send(1))
	if _, err := a.Recv(); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	if err := a.SendBytes(nil); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	if err := a.PollContext(context.Background()); !errors.Is(err, mp.ErrClosed) || !a.Poll() {
		t.Error(err)
	}
}

// Whoever waits by a handle is told when that is closed, though others hold the same end.
func TestPipeCloseEndsWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for name, wait := range map[string]func(c *mp.Connection[int, int]) error{
		"Recv":        func(c *mp.Connection[int, int]) error { _, err := c.Recv(); return err },
		"RecvContext": func(c *mp.Connection[int, int]) error { _, err := c.RecvContext(ctx); return err },
		"PollContext": func(c *mp.Connection[int, int]) error { return c.PollContext(ctx) },
		"Send": func(c *mp.Connection[int, int]) error {
			for {
				if err := c.Send(1); err != nil {
					return err
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := mp.NewPipe[int, int](mp.RingBytes(64))
			other, err := a.Clone()
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error)
			go func() { done <- wait(a) }()
			if name == "Send" {
				within(t, soon, "the ring is full", func() {
					for b.TrySend(0) == nil { // it is another ring: only to wait a little
					}
				})
			}
			_ = a.Close()
			within(t, soon, "the waiter", func() {
				if err := <-done; !errors.Is(err, mp.ErrClosed) {
					t.Error(err)
				}
			})
			if err := b.TrySend(7); err != nil && name != "Send" {
				t.Error(err)
			}
			runtime.KeepAlive(other)
		})
	}
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
	// Closed before it was received, the end is gone.
	mine, theirs = mp.NewPipe[string, string]()
	if err := q.Put(invitation{"second", theirs}); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	if _, err := q.Get(); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	eof(t, mine)
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

// A handle that is not used any more is closed, and its memory comes back.
func TestPipeIsCollected(t *testing.T) {
	left := func() int64 { runtime.GC(); return mp.DefaultArena().Left() }
	before := left()
	mine := func() *mp.Connection[int, int] {
		mine, theirs := mp.NewPipe[int, int]()
		if err := theirs.Send(1); err != nil {
			t.Fatal(err)
		}
		return mine
	}()
	if v, err := mine.Recv(); v != 1 || err != nil {
		t.Fatal(v, err)
	}
	within(t, soon, "the end of the pipe", func() {
		for !mine.Poll() {
			runtime.GC()
		}
	})
	eof(t, mine)
	within(t, soon, "the memory comes back", func() {
		for left() < before {
			runtime.Gosched()
		}
	})
}

// What was passed on is the child's: the memory comes back when both have ended, though the handle that was passed was never closed here.
func TestPipePassedOnIsCollected(t *testing.T) {
	left := func() int64 { runtime.GC(); return mp.DefaultArena().Left() }
	pass := func() {
		mine, theirs := mp.NewPipe[string, string]()
		p := &mp.Process{Target: echoes(theirs)}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := mine.Close(); err != nil {
			t.Fatal(err)
		}
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	}
	pass() // what is made once is made now
	before := left()
	for range 5 {
		pass()
	}
	const pipe = 1 << 19 // its rings; the first one may go since
	within(t, soon, "the memory comes back", func() {
		for left() < before-pipe {
			runtime.Gosched()
		}
	})
}
