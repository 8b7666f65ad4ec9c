package inspect

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// shelf is a readers-writer lock and the side that a process has of it.
func shelf(t *testing.T, a *arena.Arena, of *arena.Arena) (*arena.RWLockState, *prim.RWSide) {
	t.Helper()
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindRWLock, Name: "shelf", Type: "mp.RWLock", Size: rwLockSize})
	o, err := of.Open(o.Handle(), arena.KindRWLock, 0, "mp.RWLock") // where its parker finds it
	if err != nil {
		t.Fatal(err)
	}
	s := arena.PayloadOf[arena.RWLockState](o)
	slot := arena.SlotOf(of.Me())
	s.Head.RW.Enter(slot)
	return s, &prim.RWSide{Me: prim.Holder(of.Me(), true), Slot: slot, Readers: s.Readers[:], Parker: of.Parker(), Spin: new(park.Spin)}
}

func TestSnapshotOfRWLocks(t *testing.T) {
	a := kin(t, "kin")
	b := relative(t, a)
	s, side := shelf(t, a, b.Arena)
	look := func() *Object { return find(t, snapshot(t, a), "shelf") }
	if o := look(); o.Lock == nil || *o.Lock != (Lock{State: "free"}) || len(o.Readers) != 0 || o.Size != rwLockSize {
		t.Errorf("free %+v %+v", o, o.Lock)
	}
	s.Readers[side.Slot].Add(2)
	if o := look(); o.Lock.State != "free" || len(o.Readers) != 1 || o.Readers[0].Name != "relative" || o.Readers[0].PID != os.Getpid() || o.Readers[0].Count != 2 {
		t.Errorf("read %+v %+v", o, o.Lock)
	}
	s.Readers[side.Slot].Store(0)
	if got := s.Head.RW.LockFast(side.Me, side.Readers); got != prim.GotLock {
		t.Fatalf("got %d", got)
	}
	if o := look(); o.Lock.State != "held" || o.Lock.Holder.Name != "relative" {
		t.Errorf("written %+v %+v", o, o.Lock)
	}
	clean(t, watch(t, a))
	runtime.KeepAlive(b)
}

// A writer that waits for readers is not inside.
func TestSnapshotOfADrainingWriter(t *testing.T) {
	a := sleepers(t, "kin")
	b := relative(t, a)
	s, side := shelf(t, a, b.Arena)
	s.Readers[arena.SlotOf(a.Me())].Store(1)
	ctx, cancel := context.WithCancel(t.Context())
	out := make(chan error)
	go func() { out <- s.Head.RW.Lock(ctx, side, prim.GotNothing) }()
	w := watch(t, a)
	for {
		all, err := w.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		o := find(t, all, "shelf")
		if len(all.Processes[1].Waits) == 0 {
			continue
		}
		if o.Lock.State != "draining" || !o.Lock.Waited || o.Lock.Holder.Name != "relative" || len(o.Readers) != 1 || all.Processes[1].Waits[0].Handle != o.Handle() {
			t.Errorf("draining %+v %+v %+v", o, o.Lock, all.Processes[1].Waits)
		}
		break
	}
	cancel()
	<-out
}

func TestCheckOfRWLocks(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(s *arena.RWLockState, side *prim.RWSide)
		want string
	}{
		{"reader in a free slot", func(s *arena.RWLockState, _ *prim.RWSide) { s.Head.RW.Enter(9); s.Readers[9].Store(3) }, "readers: expected processes, found 3 of slot 9, which is free"},
		{"slots without end", func(s *arena.RWLockState, _ *prim.RWSide) { s.Head.RW.Enter(arena.Slots) }, "readers: expected slots below 1024, found up to 1024"},
		{"writer of nobody", func(s *arena.RWLockState, side *prim.RWSide) {
			s.Head.RW.LockFast(prim.Holder(arena.ID(1, 7), true), side.Readers)
		}, "lock: expected held by a process, found held by id 7169"},
		{"open gate", func(s *arena.RWLockState, side *prim.RWSide) {
			s.Head.RW.LockFast(side.Me, side.Readers)
			s.Head.RW.Word().Or(1) // somebody sleeps: the way out opens the gate
			_ = s.Head.RW.UnlockSlow(side)
			s.Head.RW.Word().Store(side.Me)
		}, "gate: expected shut, as a writer is inside, found open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := kin(t, "kin")
			b := relative(t, a)
			s, side := shelf(t, a, b.Arena)
			c.harm(s, side)
			found := watch(t, a).Check()
			runtime.KeepAlive(b)
			if len(found) != 1 || !strings.Contains(found[0].String(), c.want) {
				t.Errorf("found %v, expected one of %q", found, c.want)
			}
		})
	}
}
