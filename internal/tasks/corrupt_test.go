//go:build linux

package tasks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// A queue into which something else has written, and all calls of it: each does what it can, or panics with a sentence,
// and gives the lock back. None faults, and none goes on for ever.
func TestWrittenOver(t *testing.T) {
	ctx, cancel := context.WithCancel(always)
	cancel()
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 3))
		m := newModel(t, 0, 1<<20)
		for n := range 12 {
			m.put(1, sizes[n%len(sizes)])
		}
		a, b, c := m.take(2), m.take(2), m.take(3)
		q, u := m.q(), m.user(2)
		first, second := q.First, u.Cell(q.First).Next
		spots := []*uint64{
			&q.First, &q.Last, &q.Len, &q.Bytes, &q.Puts, &q.Gone, &q.Shut, &m.head().hands[2], &q.Slab.Trash, &q.Slab.Free[r.IntN(len(q.Slab.Free))],
			&u.Cell(first).Next, &u.Cell(first).Head, &u.entry(first).Number, &u.entry(first).Prev,
			&u.Cell(second).Next, &u.Cell(second).Head, &u.entry(second).Number,
			&u.Cell(a.cell).Next, &u.Cell(a.cell).Head, &u.entry(a.cell).Prev, &u.entry(a.cell).Number, &u.Cell(b.cell).Next, &u.entry(b.cell).Prev,
		}
		values := []uint64{0, 1, 2, 8, r.Uint64(), 1 << 40, first, second, a.cell, b.cell, c.cell, 1 << 63, ^uint64(0)}
		*spots[int(seed)%len(spots)] = values[r.IntN(len(values))]
		calls := []func(){
			func() { _ = q.TryPut(u, make([]byte, r.IntN(5000))) },
			func() { _, _ = q.TryTake(m.user(4)) },
			func() { _, _ = q.TryPull(m.puller(4), nil) },
			func() { q.PutBack(u, a.cell) },
			func() { q.Done(u, b.cell) },
			func() { _ = q.Join(ctx, u) },
			func() { m.heap.died(2) },
			func() { m.heap.died(3) },
			func() { q.Shutdown(u, false) },
			func() { q.Shutdown(u, true) },
		}
		last := calls[len(calls)-1]
		r.Shuffle(len(calls)-1, func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
		for i, call := range append(calls, last) {
			inTime(t, fmt.Sprintf("seed %d, call %d", seed, i), call)
			if id, _ := q.Slab.Lock.HeldBy(); id != 0 {
				t.Fatalf("seed %d, call %d: the lock is held", seed, i)
			}
		}
	}
}

// inTime makes a call, which may panic with a sentence of ours.
func inTime(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	select {
	case r := <-done:
		if r != nil && !strings.HasPrefix(fmt.Sprint(r), "mp: ") {
			t.Fatalf("%s: %v", what, r)
		}
	case <-time.After(20 * time.Second):
		t.Logf("%s goes on for ever", what)
		select {} // the memory must not go before it ends, so the test's own limit ends both
	}
}
