package arena

import (
	"context"
	"testing"

	"github.com/multiproc/mp/internal/park"
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
	a.eachHeld(oneSlot(a.slot), func(o *Object) {
		if PayloadOf[BoundedState](o) == s {
			found = o
		}
	})
	return found
}
