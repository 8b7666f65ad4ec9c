package ring

import (
	"context"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

func user() *User { return &User{Me: prim.Holder(1, false), Parker: new(park.Local)} }

func TestFIFO(t *testing.T) {
	r, u := onHeap(1<<10, 1000), user()
	const n = 20000
	done := make(chan error)
	go func() {
		var b [300]byte
		for i := range uint64(n) {
			binary.LittleEndian.PutUint64(b[:], i)
			if err := r.Put(context.Background(), u, b[:8+i%240]); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := range uint64(n) {
		msg, err := r.Take(context.Background(), u)
		if err != nil {
			t.Fatal(err)
		}
		if got := binary.LittleEndian.Uint64(msg); got != i || len(msg) != int(8+i%240) {
			t.Fatalf("message %d of %d bytes, expected %d of %d", got, len(msg), i, 8+i%240)
		}
		r.Finish(u)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if r.Len() != 0 {
		t.Errorf("%d left", r.Len())
	}
}

func many(b testing.TB, producers, consumers, n int, put func([]byte), get func([]byte)) {
	var wg, cg sync.WaitGroup
	for range producers {
		wg.Go(func() {
			var m [8]byte
			for i := range n {
				binary.LittleEndian.PutUint64(m[:], uint64(i))
				put(m[:])
			}
		})
	}
	for range consumers {
		cg.Go(func() {
			var m [8]byte
			for range n * producers / consumers {
				get(m[:])
			}
		})
	}
	wg.Wait()
	cg.Wait()
}

func BenchmarkQueue(b *testing.B) {
	for _, p := range []int{1, 4} {
		name := string(rune('0' + p))
		b.Run("ring"+name, func(b *testing.B) {
			r, u := onHeap(1<<16, 1<<20), user()
			many(b, p, p, b.N/p, func(m []byte) { _ = r.Put(context.Background(), u, m) }, func(m []byte) {
				v, _ := r.Take(context.Background(), u)
				copy(m, v)
				r.Finish(u)
			})
		})
		b.Run("chan"+name, func(b *testing.B) {
			c := make(chan [8]byte, 4096)
			many(b, p, p, b.N/p, func(m []byte) { c <- [8]byte(m) }, func(m []byte) { v := <-c; copy(m, v[:]) })
		})
	}
}
