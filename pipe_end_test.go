//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

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
// A wait that is asleep ends with a handle's Close, whether others hold the same end or not.
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
		for _, alone := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " alone ", alone), func(t *testing.T) { closesWhile(t, wait, alone, name == "Send") })
		}
	}
}

func closesWhile(t *testing.T, wait func(*mp.Connection[int, int]) error, alone, full bool) {
	name := t.Name()[len("TestPipeCloseEndsWaits/"):]
	a, b := mp.NewPipe[int, int](mp.RingBytes(64), mp.Name(name))
	other := a
	if !alone {
		var err error
		if other, err = a.Clone(); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error)
	go func() { done <- wait(a) }()
	within(t, soon, "the waiter sleeps", func() {
		for !objects(t, name)[0].Pipe.Waited() {
			runtime.Gosched()
		}
	})
	within(t, soon, "the waiter", func() {
		_ = a.Close()
		if err := <-done; !errors.Is(err, mp.ErrClosed) {
			t.Error(err)
		}
	})
	if err := b.TrySend(7); (err == nil) != !alone {
		t.Error(err)
	}
	if full && !b.Poll() {
		t.Error("what was sent is not there")
	}
	runtime.KeepAlive(other)
}

// A pipe stays as long as a handle of it is used, and no longer: one that was cloned from another that is closed, with the other end
// gone to a process that has ended.
func TestPipeStaysWhileItIsUsed(t *testing.T) {
	collected := make(chan struct{}, 2)
	mine := func() *mp.Connection[int, int] {
		first, theirs := mp.NewPipe[int, int](mp.Name("in use"))
		mine, err := first.Clone()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []*mp.Connection[int, int]{first, theirs} {
			runtime.AddCleanup(c, func(struct{}) { collected <- struct{}{} }, struct{}{})
		}
		_ = first.Close()
		if _, err := mp.Run(t.Context(), sayOne(theirs)); err != nil {
			t.Fatal(err)
		}
		return mine
	}()
	within(t, soonest, "the closed handles are garbage", func() {
		for len(collected) < 2 {
			runtime.GC()
		}
	})
	for range 5 { // their other cleanups, which are ours
		runtime.GC()
		if len(objects(t, "in use")) != 1 {
			t.Fatal("the pipe is freed")
		}
	}
	if v, err := mine.Recv(); v != 1 || err != nil {
		t.Error(v, err)
	}
	eof(t, mine)
	mine = nil
	shrinks(t, "in use", 0)
}

var sayOne = mp.Proc(func(_ context.Context, c *mp.Connection[int, int]) error { return c.Send(1) })

// A handle that is not used any more is closed, and its memory comes back.
func TestPipeIsCollected(t *testing.T) {
	mine := func() *mp.Connection[int, int] {
		mine, theirs := mp.NewPipe[int, int](mp.Name("collected pipe"))
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
	shrinks(t, "collected pipe", 0)
}

// What was passed on is the child's: the memory comes back when both have ended, though the handle that was passed was never closed here.
func TestPipePassedOnIsCollected(t *testing.T) {
	pass := func() {
		mine, theirs := mp.NewPipe[string, string](mp.Name("passed on"))
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
	for range 3 {
		pass()
	}
	shrinks(t, "passed on", 0)
}
