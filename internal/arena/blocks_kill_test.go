//go:build mpfail

package arena

import (
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/ring"
)

// A process dies with blocks of a queue in hand, queued and spare, and then its sweeper, who has no handle of the queue, at each
// step. Whoever goes on leaves what was queued, and nothing that is nobody's.
func TestSweeperOfBlocksDies(t *testing.T) {
	msg := []byte(strings.Repeat("long", 1000))
	for m := 1; ; m++ {
		a := testArena(t, MinSize)
		o, at := mustObject(t, a, ObjectSpec{
			Kind: KindQueue, Size: ring.Memory(1 << 12), Init: func(o *Object) { PayloadOf[QueueState](o).Ring.Init(1<<12, 0) },
		})
		o.Holders[15].Or(1 << 63) // a slot that nobody looks at: the queue is there to the end
		alone := a.Used().Bytes
		blocksOfAll(t, a, o, msg)
		dead := duplicate(t, a)
		survivor(t, dead)
		last, step := memoryAt(t, dead, m, func() { dead.Bury(a.id) })
		whole := last == nil
		if whole {
			last, step = dead, "the end"
			holder(t, last, at)
		} else {
			holder(t, last, at)
			last.Bury(dead.id) // and with it whom it was sweeping
		}
		found, _, err := last.find(at)
		if err != nil {
			t.Fatalf("sweeper killed at %d, %q: %v", m, step, err)
		}
		sound(t, last)
		r := &PayloadOf[QueueState](found).Ring
		u, err := last.RingUser(found)
		if err != nil {
			t.Fatal(err)
		}
		for name, l := range r.Locks() {
			if id, _ := l.HeldBy(); id != 0 {
				t.Errorf("sweeper killed at %d, %q: the lock of the %s is held by %x", m, step, name, id)
			}
		}
		if b, err := r.TryTake(u, nil); err != nil || string(b) != string(msg) {
			t.Fatalf("sweeper killed at %d, %q: %d bytes, %v", m, step, len(b), err)
		}
		r.Shutdown(u, false)
		if n := last.Used().Bytes; n != alone {
			t.Errorf("sweeper killed at %d, %q: %d bytes are left of %d", m, step, n, alone)
		}
		_, _ = a.Close(), last.Close()
		if whole {
			t.Logf("%d steps", m-1)
			return
		}
		_ = dead.Close()
	}
}

// blocksOfAll has a process put a message, keep a spare, and have two blocks in hand, one of which it was about to keep.
func blocksOfAll(t *testing.T, a *Arena, o *Object, msg []byte) {
	t.Helper()
	r := &PayloadOf[QueueState](o).Ring
	u, err := a.RingUser(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.Hold(u, 3000); err != nil {
			t.Fatal(err)
		}
	}
	r.Spares[3] = o.Extents + extentSize
	spare, err := r.Hold(u, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	r.Release(u, spare)
	if err := r.TryPut(u, msg); err != nil {
		t.Fatal(err)
	}
}
