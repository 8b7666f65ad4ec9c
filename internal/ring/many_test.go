package ring

import (
	"bytes"
	"context"
	"testing"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/refusal"
)

// batch is n messages from number i on, of lengths that meet both a ring of 256 bytes and its blocks.
func batch(t *testing.T, r *Ring, u *User, i, n int) (all []Message) {
	t.Helper()
	for ; n > 0; i, n = i+1, n-1 {
		m, err := r.wrap(u, numbered(uint64(i), 8+i*13%90))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

func check(t *testing.T, i int, b []byte) {
	t.Helper()
	if want := numbered(uint64(i), 8+i*13%90); !bytes.Equal(b, want) {
		t.Fatalf("message %d is %x, expected %x", i, b, want)
	}
}

// Batches of all lengths go in and come out in batches of others, whole and in order.
func TestBatches(t *testing.T) {
	r, u := newRing(256, 1000)
	in, out, msgs := 0, 0, make([]Message, 7)
	for round := range 500 {
		all := batch(t, r, u, in, 1+round%6)
		n, err := r.put(background, u, all)
		if n < len(all) != (err == refusal.ErrFull) {
			t.Fatalf("%d of %d were put, and %v", n, len(all), err)
		}
		in += n
		for _, m := range all[n:] {
			r.Release(u, m)
		}
		if n := r.Len(); n != in-out {
			t.Fatalf("Len is %d of %d", n, in-out)
		}
		n, err = r.take(background, u, make([]byte, 0, 100), msgs[:1+round%7])
		expect(t, err, nil)
		for _, m := range msgs[:n] {
			check(t, out, m.Bytes)
			r.Release(u, m)
			out++
		}
	}
	if in < 1000 {
		t.Errorf("only %d went through", in)
	}
}

// One move of a mark a batch: whoever looks sees none of it or all of it.
func TestBatchIsOneMove(t *testing.T) {
	r, u := newRing(4096, 0)
	all := batch(t, r, u, 0, 20)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r.Len() == 0 {
			park.Yield()
		}
		if n := r.Len(); n != len(all) {
			t.Errorf("%d of %d are there", n, len(all))
		}
	}()
	if n, err := r.PutMany(background, u, all); n != len(all) || err != nil {
		t.Fatal(n, err)
	}
	<-done
}

// What does not fit waits for room, first in line; a context that ends leaves the rest with the caller.
func TestBatchWaits(t *testing.T) {
	r, u := newRing(256, 3)
	all := batch(t, r, u, 0, 10)
	type result struct {
		n   int
		err error
	}
	ctx, cancel := context.WithCancel(background)
	results := make(chan result)
	go func() {
		n, err := r.PutMany(ctx, u, all)
		results <- result{n, err}
	}()
	msgs := make([]Message, 10)
	out := 0
	for out < 6 {
		n, err := r.TakeMany(background, u, nil, msgs)
		expect(t, err, nil)
		for _, m := range msgs[:n] {
			check(t, out, m.Bytes)
			r.Release(u, m)
			out++
		}
	}
	for r.Head.v.Load()&waited == 0 {
		park.Yield()
	}
	cancel()
	got := <-results
	if got.err != context.Canceled || got.n != out+r.Len() || got.n == len(all) {
		t.Errorf("%d were put, and %v; %d came out, %d are there", got.n, got.err, out, r.Len())
	}
	r.Shutdown(u, false)
	if n, err := r.PutMany(background, u, all[got.n:]); n != 0 || err != refusal.ErrShutDown {
		t.Errorf("after a shutdown %d, %v", n, err)
	}
	if n, err := r.PutMany(background, u, nil); n != 0 || err != nil {
		t.Errorf("of nothing %d, %v", n, err)
	}
}

// One put of several wakes as many as sleep.
func TestBatchWakesMany(t *testing.T) {
	r, u := newRing(4096, 0)
	got := make(chan error)
	for range 3 {
		go func() {
			_, err := r.Take(background, u, nil)
			got <- err
		}()
	}
	for r.Tail.v.Load()&waited == 0 {
		park.Yield()
	}
	if n, err := r.PutMany(background, u, batch(t, r, u, 0, 3)); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	for range 3 {
		expect(t, <-got, nil)
	}
}

// A batch of much is taken in parts, so that the others that wait for H have their turn.
func TestBatchHasAnEnd(t *testing.T) {
	r, u := newRing(1<<20, 0)
	for range 9 {
		mustPut(t, r, u, make([]byte, 1<<14))
	}
	msgs := make([]Message, 9)
	if n, err := r.take(background, u, nil, msgs); n != 4 || err != nil {
		t.Errorf("%d taken, %v", n, err)
	}
}
