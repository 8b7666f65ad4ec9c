//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/queue"
)

// waits calls Wait, which must not take long, and compares.
func waits(t *testing.T, ctx context.Context, want []mp.Waitable, many ...mp.Waitable) {
	t.Helper()
	within(t, soon, "Wait", func() {
		if got, err := mp.Wait(ctx, many...); err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v, expected %v", got, err, want)
		}
	})
}

func all(many ...mp.Waitable) []mp.Waitable { return many }

// What is ready comes out in the order given, is not taken, and may be asked for twice.
func TestWaitReadyAtOnce(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	e, q := mp.NewEvent(), mp.NewQueue[int](0)
	a, b := mp.NewPipe[int, int]()
	p := start(t, hangsWith(newEnd(), 0, newGate()))
	many := all(p, b, q, e, a)
	if got, err := mp.Wait(ended, many...); got != nil || err != context.Canceled {
		t.Error(got, err)
	}
	e.Set()
	if err := errors.Join(a.Send(1), a.Send(2)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		waits(t, ended, all(b, e), many...)
		waits(t, ended, all(e, b, b), e, b, a, b)
	}
	if err := q.Put(1); err != nil {
		t.Fatal(err)
	}
	waits(t, ended, all(b, q, e), many...)
	_, _ = b.Recv()
	e.Clear()
	_, _ = q.Get()
	waits(t, ended, all(b), many...)
	_, _ = b.Recv()
	if got, err := mp.Wait(ended, many...); got != nil || err != context.Canceled {
		t.Error(got, err)
	}
	q.Shutdown()
	_ = b.Close()
	waits(t, ended, all(q, a), p, q, a)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
	waits(t, ended, all(p, q, a), p, q, a)
}

// newEnd is an end whose other end is here, and forgotten.
func newEnd() *mp.Connection[int, int] {
	_, c := mp.NewPipe[int, int](mp.RingBytes(64))
	return c
}

// Whoever sleeps is woken by each of the things that can happen.
func TestWaitSleeps(t *testing.T) {
	for name, make := range map[string]func() (w mp.Waitable, happens func()){
		"event": func() (mp.Waitable, func()) { e := mp.NewEvent(); return e, e.Set },
		"pulse": func() (mp.Waitable, func()) { e := mp.NewEvent(); return e, func() { e.Set(); e.Clear() } },
		"put":   func() (mp.Waitable, func()) { q := mp.NewQueue[int](0); return q, func() { _ = q.Put(1) } },
		"shutdown": func() (mp.Waitable, func()) {
			q := mp.NewQueue[int](0)
			return q, q.Shutdown
		},
		"send":         func() (mp.Waitable, func()) { a, b := mp.NewPipe[int, int](); return b, func() { _ = a.Send(1) } },
		"peer's close": func() (mp.Waitable, func()) { a, b := mp.NewPipe[int, int](); return b, func() { _ = a.Close() } },
		"own close": func() (mp.Waitable, func()) {
			a, b := mp.NewPipe[int, int]()
			return b, func() { _ = b.Close(); runtime.KeepAlive(a) }
		},
		"own close, the end stays open": func() (mp.Waitable, func()) {
			a, b := mp.NewPipe[int, int]()
			kept, err := b.Clone()
			if err != nil {
				t.Fatal(err)
			}
			return b, func() { _ = b.Close(); runtime.KeepAlive(a); t.Cleanup(func() { runtime.KeepAlive(kept) }) }
		},
		"end of process": func() (mp.Waitable, func()) {
			p := start(t, hangsWith(newEnd(), 0, newGate()))
			return p, func() { _ = p.Kill() }
		},
		"peer's death": func() (mp.Waitable, func()) {
			mine, theirs := mp.NewPipe[int, int]()
			p := start(t, hangsWith(theirs, 0, newGate()))
			return mine, func() { _ = p.Kill() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			quiet, other := mp.NewPipe[int, int]()
			w, happens := make()
			done := awaitAll(t, quiet, w, mp.NewEvent())
			happens()
			within(t, soon, "Wait", func() {
				if got := <-done; len(got) != 1 || got[0] != w {
					t.Errorf("got %v", got)
				}
			})
			runtime.KeepAlive(other)
		})
	}
}

// awaitAll begins a Wait and returns when it sleeps.
func awaitAll(t *testing.T, many ...mp.Waitable) <-chan []mp.Waitable {
	done := make(chan []mp.Waitable, 1)
	before := mp.Watched()
	go func() {
		got, err := mp.Wait(context.Background(), many...)
		if err != nil {
			t.Error(err)
		}
		done <- got
	}()
	within(t, soon, "Wait sleeps", func() {
		for mp.Watched() == before {
			runtime.Gosched()
		}
	})
	return done
}

func TestWaitRefuses(t *testing.T) {
	closed, other := mp.NewPipe[int, int]()
	_ = closed.Close()
	sender, receiver := mp.NewPipe[int, mp.None]()
	for want, many := range map[string][]mp.Waitable{
		"nothing to wait for":              {},
		"number 1 (<nil>): it is nil":      {mp.NewEvent(), nil},
		"number 0 (*mp.Event): it is nil":  {(*mp.Event)(nil)},
		"(*mp.Queue[int]): it is nil":      {(*mp.Queue[int])(nil)},
		"(*mp.Process): it is nil":         {(*mp.Process)(nil)},
		"was not started":                  {&mp.Process{}},
		"(*mp.Connection[int,int]): it is": {new(mp.Connection[int, int])},
		"use of a closed handle":           {other, closed},
		"nothing travels this way":         {receiver, sender},
	} {
		if got, err := mp.Wait(context.Background(), many...); got != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, expected it to tell %q", got, err, want)
		}
	}
}

func TestWaitIsCancelled(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	a, b := mp.NewPipe[int, int]()
	for i := range 50 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*20*time.Microsecond)
		if got, err := mp.Wait(ctx, a, b, mp.NewEvent()); got != nil || err != context.DeadlineExceeded {
			t.Error(got, err)
		}
		cancel()
	}
	if err := a.Send(1); err != nil {
		t.Fatal(err)
	}
	waits(t, context.Background(), all(b), a, b)
	within(t, soon, "no goroutine is left behind", func() {
		for runtime.NumGoroutine() > goroutines+3 { // the parker's, and this one
			runtime.Gosched()
		}
	})
}

// Many wait for the same queue, by Wait and by Get, in this process and in others: nothing that is put stays there.
func TestWaitAmongConsumers(t *testing.T) {
	const n = 3000
	q := mp.NewQueue[int](4)
	got := mp.NewValue(0)
	var group mp.Group
	for i := range 4 {
		group.Start(context.Background(), consume(q, got, i%2 == 0))
	}
	var local sync.WaitGroup
	for i := range 4 {
		local.Go(func() {
			if err := consumeAll(context.Background(), q, got, i%2 == 0); err != nil {
				t.Error(err)
			}
		})
	}
	within(t, soon, "all are put", func() {
		for i := range n {
			if err := q.Put(i); err != nil {
				t.Error(err)
			}
		}
	})
	within(t, soon, "all are got", func() {
		for got.Load() < n {
			runtime.Gosched()
		}
	})
	q.Shutdown()
	local.Wait()
	if err := group.Join(); err != nil {
		t.Error(err)
	}
}

// consumeAll gets what comes until the queue is shut down, by Wait and TryGet, or by Get.
func consumeAll(ctx context.Context, q *mp.Queue[int], got *mp.Value[int], wait bool) error {
	for {
		err := error(nil)
		if wait {
			if _, err = mp.Wait(ctx, q); err == nil {
				_, err = q.TryGet()
			}
		} else {
			_, err = q.GetContext(ctx)
		}
		switch {
		case err == nil:
			mp.Add(got, 1)
		case errors.Is(err, queue.ErrShutDown):
			return nil
		case !errors.Is(err, queue.ErrEmpty): // another was faster
			return err
		}
	}
}

var consume = mp.Proc3(consumeAll)

// A thousand pipes: each message is noticed.
func TestWaitForAThousand(t *testing.T) {
	n := 1000
	if race.Enabled {
		n = 200
	}
	ins, outs := make([]mp.Waitable, n), make([]*mp.Connection[int, mp.None], n)
	for i := range n {
		w, r := mp.NewPipe[int, mp.None](mp.RingBytes(64))
		ins[i], outs[i] = r, w
	}
	done := make(chan error)
	go func() {
		for i := 0; i < n; {
			ready, err := mp.Wait(context.Background(), ins...)
			if err != nil {
				done <- err
				return
			}
			for _, r := range ready {
				if _, err := r.(*mp.Connection[mp.None, int]).TryRecv(); err != nil {
					done <- fmt.Errorf("ready, and %w", err)
					return
				}
				i++
			}
		}
		done <- nil
	}()
	for i := range n {
		if err := outs[i*7%n].Send(i); err != nil {
			t.Fatal(err)
		}
	}
	within(t, soon, "all are received", func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkWait(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		many := make([]mp.Waitable, n)
		var last *mp.Connection[int, mp.None]
		for i := range n {
			w, r := mp.NewPipe[int, mp.None](mp.RingBytes(64))
			many[i], last = r, w
		}
		if err := last.Send(1); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("ready/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = mp.Wait(context.Background(), many...)
			}
		})
		if _, err := many[n-1].(*mp.Connection[mp.None, int]).Recv(); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("asleep/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ctx, cancel := context.WithCancel(context.Background())
				go cancel()
				_, _ = mp.Wait(ctx, many...)
			}
		})
	}
}
