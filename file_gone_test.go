//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/multiproc/mp"
)

// sendsAndWaits puts Files into a queue.
var sendsAndWaits = mp.Proc3(func(_ context.Context, q *mp.Queue[*mp.File], g, until gate) error {
	f, err := mp.NewFile(os.Stdout)
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(f)
	for range 3 {
		if err := q.Put(f); err != nil {
			return err
		}
	}
	g.pass()
	select {}
})

func getsNone(t *testing.T, q *mp.Queue[*mp.File], want error, text ...string) {
	t.Helper()
	within(t, soon, "a message whose sender is gone", func() {
		f, err := q.Get()
		if !errors.Is(err, want) || f != nil {
			t.Errorf("got %v, %v, expected %v", f, err, want)
		}
		for _, s := range text {
			if err != nil && !strings.Contains(err.Error(), s) {
				t.Errorf("expected %q in %v", s, err)
			}
		}
	})
}

func TestFileOfAKilledSender(t *testing.T) {
	q, g := mp.NewQueue[*mp.File](0), newGate()
	p := start(t, sendsAndWaits(q, g, g))
	g.wait(t, 1)
	f, err := q.Get()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	getsNone(t, q, os.ErrProcessDone, p.Name, fmt.Sprint(p.PID()), os.Stdout.Name()) // perhaps not reaped yet
	_ = p.Join()
	getsNone(t, q, os.ErrProcessDone, p.Name)
	if _, err := opened(t, f).Stat(); err != nil {
		t.Errorf("what was got before: %v", err)
	}
}

func TestFileThatItsSenderHasClosed(t *testing.T) {
	before, goroutines := descriptors(t), runtime.NumGoroutine()
	q := mp.NewQueue[*mp.File](0)
	a, b := newFile(t, os.Stdout), newFile(t, os.Stderr)
	for _, f := range []*mp.File{a, b, b} {
		if err := q.Put(f); err != nil {
			t.Fatal(err)
		}
	}
	me := mp.CurrentProcess().PID()
	_ = a.Close()
	getsNone(t, q, mp.ErrClosed, "has closed it", fmt.Sprint(me)) // others are open
	if f, err := q.Get(); err != nil {
		t.Error(err)
	} else {
		_ = f.Close()
	}
	_ = b.Close()
	getsNone(t, q, mp.ErrClosed, "has closed it") // none is
	for _, err := range []error{q.Put(a), a.Close()} {
		if err != nil && !errors.Is(err, mp.ErrClosed) {
			t.Error(err)
		}
	}
	if _, err := a.Open(); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	within(t, soon, "nothing is left behind", func() {
		for descriptors(t) > before || runtime.NumGoroutine() > goroutines+1 {
			runtime.Gosched()
		}
	})
}

// A File that nobody holds is closed, and so is the socket that was opened for it.
func TestFileIsCollected(t *testing.T) {
	before := descriptors(t)
	q := mp.NewQueue[*mp.File](0)
	func() {
		f, err := mp.NewFile(os.Stdout)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Put(f); err != nil {
			t.Fatal(err)
		}
		runtime.KeepAlive(f)
	}()
	within(t, soon, "the collection", func() {
		for descriptors(t) > before {
			runtime.GC()
		}
	})
	getsNone(t, q, mp.ErrClosed)
}

// getsUntilKilled gets Files and drops them.
var getsUntilKilled = mp.Proc2(func(ctx context.Context, q *mp.Queue[*mp.File], g gate) error {
	for f, err := range q.All(ctx) {
		if err != nil {
			return err
		}
		_ = f.Close()
		g.pass()
	}
	return nil
})

// Receivers are killed in the middle of it; the sender hands out to the next one.
func TestFileToKilledReceivers(t *testing.T) {
	before := descriptors(t)
	q := mp.NewQueue[*mp.File](100)
	f := newFile(t, os.Stdout)
	ctx, stop := context.WithCancel(context.Background())
	fed := make(chan error, 1)
	go func() {
		for {
			if err := q.PutContext(ctx, f); err != nil {
				fed <- err
				return
			}
		}
	}()
	for i := range 8 {
		g := newGate()
		p := start(t, getsUntilKilled(q, g))
		g.wait(t, 5*i+1)
		_ = p.Kill()
		_ = p.Join()
	}
	stop()
	if err := <-fed; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_ = f.Close()
	nothingLeft(t, before)
}
