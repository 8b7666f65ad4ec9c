//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

var lengths = []int{0, 1, 64, 4096, 1 << 14, 1<<14 + 1, 100_000, 1 << 20, 5 << 20}

// What is written in place and what is put, what is read in place and what is got: all are the same messages.
func TestReserveAndBorrow(t *testing.T) {
	q, ctx := mp.NewQueue[[]byte](0), context.Background()
	put := []func(b []byte) error{
		q.Put,
		func(b []byte) error {
			r, err := mp.Reserve(q, len(b)+7)
			if err != nil {
				return err
			}
			defer r.Abort()
			copy(r.Bytes(), b)
			r.Truncate(len(b))
			return r.Commit(ctx)
		},
	}
	get := []func(b []byte) error{
		func(want []byte) error {
			b, err := q.Get()
			return errors.Join(err, same(b, want))
		},
		func(want []byte) error {
			l, err := mp.Borrow(ctx, q)
			if err != nil {
				return err
			}
			defer l.Release()
			return same(l.Bytes(), want)
		},
	}
	for i, n := range lengths {
		b := bytes.Repeat([]byte{byte(i + 1)}, n)
		for p := range put {
			for g := range get {
				if err := errors.Join(put[p](b), get[g](b)); err != nil {
					t.Errorf("%d bytes, way in %d, way out %d: %v", n, p, g, err)
				}
			}
		}
	}
}

func same(b, want []byte) error {
	if !bytes.Equal(b, want) {
		return fmt.Errorf("%d bytes came, of %d, or others", len(b), len(want))
	}
	return nil
}

// Between processes nothing is copied: the consumer sees what the producer has written, and it is the same memory again.
func TestBorrowAcrossProcesses(t *testing.T) {
	q, back := mp.NewQueue[[]byte](0), mp.NewQueue[[]byte](0)
	p := start(t, reverse(q, back))
	for i, n := range lengths {
		r, err := mp.Reserve(q, n)
		if err != nil {
			t.Fatal(err)
		}
		for k := range r.Bytes() {
			r.Bytes()[k] = byte(i + k)
		}
		if err := r.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
		l, err := mp.Borrow(context.Background(), back)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Bytes()) != n {
			t.Fatalf("%d bytes came back, of %d", len(l.Bytes()), n)
		}
		for k, c := range l.Bytes() {
			if c != byte(i+n-1-k) {
				t.Fatalf("byte %d of %d is %d", k, n, c)
			}
		}
		l.Release()
	}
	q.Shutdown()
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

var reverse = mp.Proc2(func(ctx context.Context, q, back *mp.Queue[[]byte]) error {
	for {
		l, err := mp.Borrow(ctx, q)
		if errors.Is(err, queue.ErrShutDown) {
			return nil
		} else if err != nil {
			return err
		}
		r, err := mp.Reserve(back, len(l.Bytes()))
		if err != nil {
			return err
		}
		for i, c := range l.Bytes() {
			r.Bytes()[len(l.Bytes())-1-i] = c
		}
		l.Release()
		if err := r.Commit(ctx); err != nil {
			return err
		}
	}
})

// A commit that fails leaves the reservation as it was.
func TestCommitAgain(t *testing.T) {
	for _, n := range []int{100, 100_000} {
		q := mp.NewQueue[[]byte](1)
		if err := q.Put(nil); err != nil {
			t.Fatal(err)
		}
		r, err := mp.Reserve(q, n)
		if err != nil {
			t.Fatal(err)
		}
		clear(r.Bytes())
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if err := r.Commit(ended); err != context.Canceled {
			t.Errorf("a full queue: %v", err)
		}
		r.Bytes()[n-1] = 1
		if _, err := q.Get(); err != nil {
			t.Fatal(err)
		}
		if err := r.Commit(ended); err != nil { // there is room
			t.Error(err)
		}
		if b, err := q.Get(); err != nil || len(b) != n || b[n-1] != 1 {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		late, err := mp.Reserve(q, n)
		if err != nil {
			t.Fatal(err)
		}
		q.Shutdown()
		if err := late.Commit(context.Background()); !errors.Is(err, queue.ErrShutDown) {
			t.Errorf("a queue that is shut down: %v", err)
		}
		late.Abort()
		if _, err := mp.Borrow(context.Background(), q); !errors.Is(err, queue.ErrShutDown) {
			t.Errorf("a queue that is shut down: %v", err)
		}
	}
}

// Whoever uses what is not his any more is told at once.
func TestUseAfterTheEnd(t *testing.T) {
	for _, n := range []int{10, 100_000} {
		q := mp.NewQueue[[]byte](0)
		reserve := func() *mp.Reservation {
			r, err := mp.Reserve(q, n)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		committed, aborted := reserve(), reserve()
		if err := committed.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
		committed.Abort()
		aborted.Abort()
		aborted.Abort()
		l, err := mp.Borrow(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		l.Release()
		for want, f := range map[string]func(){
			"mp: Bytes of a Reservation":         func() { committed.Bytes() },
			"mp: Commit of a Reservation":        func() { _ = aborted.Commit(context.Background()) },
			"mp: Truncate of a Reservation that": func() { aborted.Truncate(1) },
			"mp: Bytes of a Loan":                func() { l.Bytes() },
			"mp: Release of a Loan":              l.Release,
			"mp: Reserve of -1 bytes":            func() { _, _ = mp.Reserve(q, -1) },
			"mp: Truncate of a Reservation of":   func() { reserve().Truncate(n + 1) },
		} {
			func() {
				defer func() {
					if r := fmt.Sprint(recover()); !strings.HasPrefix(r, want) {
						t.Errorf("got %q, expected %q", r, want)
					}
				}()
				f()
			}()
		}
	}
}

// What is forgotten goes back when it is garbage.
func TestForgotten(t *testing.T) {
	q := mp.NewQueue[[]byte](0, mp.Name("forgotten"))
	empty := memory(t, "forgotten")
	if err := q.Put(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	q.Shutdown() // so that nothing is kept
	func() {
		if _, err := mp.Reserve(q, 3<<20); err != nil {
			t.Fatal(err)
		}
		if _, err := mp.Borrow(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}()
	shrinks(t, "forgotten", empty)
	runtime.KeepAlive(q)
}

// Who reserves and dies has put nothing; who borrows and dies has taken the message along. The memory of both is free.
func TestDeathWithBlocksInHand(t *testing.T) {
	q, g := mp.NewQueue[[]byte](0, mp.Name("in hand")), newGate()
	empty := memory(t, "in hand")
	if err := q.Put(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	p := start(t, holdBoth(q, g))
	g.wait(t, 1)
	if n := memory(t, "in hand") - empty; n < 2<<20 {
		t.Errorf("the child has %d bytes in hand", n)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
	shrinks(t, "in hand", empty)
	if n := q.Len(); n != 0 {
		t.Errorf("%d messages are there", n)
	}
	runtime.KeepAlive(q)
}

var holdBoth = mp.Proc2(func(ctx context.Context, q *mp.Queue[[]byte], g gate) error {
	l, err := mp.Borrow(ctx, q)
	if err != nil {
		return err
	}
	r, err := mp.Reserve(q, 1<<20)
	if err != nil {
		return err
	}
	g.pass()
	<-ctx.Done()
	l.Release()
	r.Abort()
	return nil
})
