package bench

import (
	"context"
	"fmt"
	"runtime"

	"github.com/multiproc/mp"
)

// largeQueueRows have a message go through a queue and come out again, in one process, beside the copying that is in it.
func largeQueueRows(scale float64) []Row {
	rows := []Row{{
		Name: "mp.Queue, []byte of 1 MiB in and out", Beside: "copied to kept memory, and from there to new", Most: 1.3, Rounds: 9,
		Ours:   perOp(int(50*scale), throughLarge(1<<20)),
		Theirs: perOp(int(50*scale), copiedTwice(1<<20)),
	}}
	for _, c := range []struct {
		name string
		size int
		n    float64
	}{{"64 B", 64, 1e5}, {"4 KiB", 4 << 10, 5e4}, {"1 MiB", 1 << 20, 2e4}, {"64 MiB", 64 << 20, 1e4}} {
		rows = append(rows, Row{
			Name: fmt.Sprintf("mp.Reserve and mp.Borrow, %s", c.name), Beside: "copied in and out of kept memory", Rounds: 5,
			Ours:   perOp(int(c.n*scale), passedOn(c.size)),
			Theirs: perOp(max(1, int(c.n*scale)*64/(c.size+64)), copiedInPlace(c.size)),
		})
	}
	return rows
}

func throughLarge(size int) func(int) {
	q, b := mp.NewQueue[[]byte](0), make([]byte, size)
	return func(n int) {
		for range n {
			_ = q.Put(b) // it is not shut down
			_, _ = q.Get()
		}
	}
}

func copiedTwice(size int) func(int) {
	b, kept := make([]byte, size), make([]byte, size)
	return func(n int) {
		for range n {
			copy(kept, b)
			out := make([]byte, len(kept))
			copy(out, kept)
			runtime.KeepAlive(out)
		}
	}
}

// passedOn writes and reads a byte of each message, and copies none.
func passedOn(size int) func(int) {
	q, ctx := mp.NewQueue[[]byte](0), context.Background()
	return func(n int) {
		for i := range n {
			r, err := mp.Reserve(q, size)
			if err != nil {
				return // the arena has room for one
			}
			r.Bytes()[size/2] = byte(i)
			_ = r.Commit(ctx) // it is not shut down
			l, err := mp.Borrow(ctx, q)
			if err == nil && l.Bytes()[size/2] == byte(i) {
				l.Release()
			}
		}
	}
}

func copiedInPlace(size int) func(int) {
	b, kept := make([]byte, size), make([]byte, size)
	return func(n int) {
		for range n {
			copy(kept, b)
			copy(b, kept)
		}
	}
}
