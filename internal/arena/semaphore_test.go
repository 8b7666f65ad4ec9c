package arena

import (
	"context"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// newBounded is a semaphore as a, b and c see it, of which a and b have handles.
func newBounded(t *testing.T, a, b, c *Arena, permits uint32) (s, theirs, others *BoundedState) {
	t.Helper()
	o, h := mustObject(t, a, ObjectSpec{Kind: KindBoundedSemaphore, Size: 64 + 4*Slots})
	s = PayloadOf[BoundedState](o)
	s.Bounded.Init(permits)
	seen, err := b.Open(h, KindBoundedSemaphore, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	return s, PayloadOf[BoundedState](seen), at[BoundedState](c, a.offsetOf(o)+headerSize)
}

func acquire(t *testing.T, a *Arena, s *BoundedState) {
	t.Helper()
	if err := s.Bounded.AcquireSlow(context.Background(), a.Seat(s, new(park.Spin))); err != nil {
		t.Fatal(err)
	}
}

// A sweeper of one that held permits has the lock of the accounts, though it may have no handle of the semaphore. It dies
// with it: whoever sweeps on must find that out, and so must the sweep of a process that was about to.
func TestSweeperDiesWithTheAccounts(t *testing.T) {
	for name, swept := range map[string]bool{"and is not swept": false, "and is swept": true, "and its slot has a new tenant": true} {
		t.Run(name, func(t *testing.T) {
			a := testArena(t, MinSize)
			b, c := relative(t, a), relative(t, a)
			s, theirs, others := newBounded(t, a, b, c, 5)
			acquire(t, b, theirs)
			acquire(t, b, theirs)
			acquire(t, a, s)
			end(t, b)
			me := prim.Holder(c.id, false)
			func() {
				defer func() { _ = recover() }()
				others.Bounded.Died(b.slot, b.id, c.Seat(others, new(park.Spin)), func(l *prim.Lock) { l.TryLock(me) }, func() { panic("killed") })
			}()
			if id, _ := s.Bounded.Accounts(); id != c.id {
				t.Fatalf("the accounts are locked by %d", id)
			}
			end(t, c)
			if swept {
				a.Bury(c.id)
			}
			if name == "and its slot has a new tenant" {
				relative(t, a)
			}
			done := make(chan bool, 1)
			go func() { done <- a.look(b.slot, false) }()
			select {
			case <-done:
			case <-time.After(5 * time.Second):
				t.Fatal("the sweep waits for a dead sweeper")
			}
			if n := s.Bounded.Value(); n != 4 {
				t.Errorf("%d of 5 permits are left, and one is taken", n)
			}
			acquire(t, a, s)
		})
	}
}

// TestPermitsHeldWithoutHandle: the holder's bit stays while it has a permit.
func TestPermitsHeldWithoutHandle(t *testing.T) {
	a := testArena(t, MinSize)
	b := relative(t, a)
	s, theirs, _ := newBounded(t, a, b, a, 2)
	acquire(t, b, theirs)
	acquire(t, a, s) // b's account is in Held now
	b.Drop(b.objectOf(theirs))
	end(t, b)
	a.look(b.slot, false)
	if n := s.Bounded.Value(); n != 1 {
		t.Errorf("%d of 2 permits are left, and one is taken", n)
	}
}

func (a *Arena) objectOf(s *BoundedState) (found *Object) {
	a.eachHeld(a.slot, func(o *Object) {
		if PayloadOf[BoundedState](o) == s {
			found = o
		}
	})
	return found
}
