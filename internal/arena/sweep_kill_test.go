//go:build mpfail

package arena

import (
	"testing"

	"github.com/multiproc/mp/internal/prim"
)

// A death with a lock in hand counts once, whenever the sweeper dies and whoever goes on.
func TestDeathIsCountedOnce(t *testing.T) {
	for m := 1; ; m++ {
		a := testArena(t, MinSize)
		o, at := mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64})
		PayloadOf[LockState](o).Lock.TryLock(prim.Holder(a.id, true))
		dead := duplicate(t, a)
		holder(t, dead, at)
		last, step := memoryAt(t, dead, m, func() { dead.Bury(a.id) })
		whole := last == nil
		if whole {
			last, step = dead, "the end"
		} else {
			holder(t, last, at)
			last.Bury(dead.id) // and with it whom it was sweeping
		}
		noted, _, err := last.find(at)
		if err != nil {
			t.Fatalf("sweeper killed at %d, %q: %v", m, step, err)
		}
		if noted.Deaths() != 1 || noted.DiedID() != a.id || noted.DiedNamed() != a.MySlot().Named() {
			t.Errorf("sweeper killed at %d, %q: %d deaths, the last of %x %q", m, step, noted.Deaths(), noted.DiedID(), noted.DiedNamed())
		}
		if id, gone := PayloadOf[LockState](noted).Lock.HeldBy(); id != a.id || !gone {
			t.Errorf("sweeper killed at %d, %q: the lock is held by %x, dead: %v", m, step, id, gone)
		}
		_, _ = a.Close(), last.Close()
		if whole {
			t.Logf("%d steps", m-1)
			return
		}
		_ = dead.Close()
	}
}

// holder enters an arena that was copied, and has the object in hand at once: not by Open, which would wait for a
// heap lock that the dead may hold, and would sweep it.
func holder(t *testing.T, a *Arena, at Handle) {
	t.Helper()
	survivor(t, a)
	o, _, err := a.find(at)
	if err != nil {
		t.Fatal(err)
	}
	o.Holders[a.slot/64].Or(1 << (a.slot % 64))
}
