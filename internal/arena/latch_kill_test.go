//go:build mpfail

package arena

import (
	"context"
	"fmt"
	"testing"

	"github.com/multiproc/mp/internal/prim"
)

// table is what one that dies leaves to its sweepers: permits of a semaphore, and a seat at a barrier. A witness keeps both.
type table struct {
	t       *testing.T
	dead    *Arena
	permits Handle
	barrier Handle
}

func newTable(t *testing.T) *table {
	a := testArena(t, MinSize)
	s := &table{t: t, dead: a}
	witness := &scene{t: t, a: a}
	var err error
	if _, witness.witness, err = a.Claim(0, "witness"); err != nil {
		t.Fatal(err)
	}
	o, at := mustObject(t, a, ObjectSpec{Kind: KindBoundedSemaphore, Size: 64 + 4*Slots})
	witness.share(o)
	PayloadOf[BoundedState](o).Bounded.Init(5)
	for range 3 {
		acquire(t, a, PayloadOf[BoundedState](o))
	}
	s.permits = at
	o, at = mustObject(t, a, ObjectSpec{Kind: KindBarrier, Size: 640 + 4*Slots})
	witness.share(o)
	PayloadOf[BarrierState](o).Barrier.Init(1)
	prim.Enroll(&PayloadOf[BarrierState](o).Seats[a.slot])
	s.barrier = at
	return s
}

// check is made by one that has come last, and has swept.
func (s *table) check(last *Arena, where string) {
	s.t.Helper()
	for slot := range last.Top() {
		if id := last.IDOf(slot); State(last.Slot(slot).State.Load()).Status() == Dead {
			s.t.Fatalf("%s: %x is not swept to the end", where, id)
		}
	}
	bounded := PayloadOf[BoundedState](open(s.t, last, s.permits))
	acquire(s.t, last, bounded)
	if n := bounded.Bounded.Value(); n != 4 {
		s.t.Fatalf("%s: %d permits of 5, and one is taken", where, n)
	}
	barrier := PayloadOf[BarrierState](open(s.t, last, s.barrier))
	me := last.PartyOf(barrier)
	_, broken := barrier.Barrier.Wait(context.Background(), &me, nil)
	if broken == nil || broken.Reason != prim.PartyDied || broken.Who.ID != s.dead.id || broken.Who.Name != "MainProcess" {
		s.t.Fatalf("%s: the barrier is broken by %+v", where, broken)
	}
	barrier.Barrier.Reset(&me)
	if _, broken = barrier.Barrier.Wait(context.Background(), &me, nil); broken != nil {
		s.t.Fatalf("%s: after a reset, broken by %+v", where, broken)
	}
}

func open(t *testing.T, a *Arena, at Handle) *Object {
	t.Helper()
	o, _, err := a.find(at)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// A sweeper that has no handle of what its corpse had is killed at each step, and the sweeper of both at each of its own.
func TestSweeperDiesWithTheLocksOfOthers(t *testing.T) {
	steps := make(map[string]bool)
	for m := 1; ; m++ {
		s := newTable(t)
		first := duplicate(t, s.dead)
		survivor(t, first)
		killed, step := memoryAt(t, first, m, func() { first.Bury(s.dead.id) })
		if killed == nil {
			soon(t, func() { s.check(first, "nobody killed") })
			break
		}
		steps[step] = true
		for k := range 200 {
			second := duplicate(t, killed)
			survivor(t, second)
			who := []uint32{s.dead.slot, first.slot}[k%2]
			again, at := memoryAt(t, second, k, func() { second.look(who, false) })
			where := fmt.Sprintf("killed at %d, %q, the next at %d, %q", m, step, k, at)
			if again != nil {
				survivor(t, again)
				soon(t, func() { again.look(who, false); again.look(second.slot, false) })
				s.check(again, where)
				_ = again.Close()
			} else {
				soon(t, func() { second.look(s.dead.slot, false); second.look(first.slot, false) })
				s.check(second, where)
			}
			_ = second.Close()
			if k > 1 && again == nil {
				break
			}
		}
		_, _, _ = s.dead.Close(), first.Close(), killed.Close()
	}
	for _, step := range []string{"barrier: told why", "barrier: broken", "sweep: permits"} {
		if !steps[step] {
			t.Errorf("nobody was killed at %q", step)
		}
	}
}
