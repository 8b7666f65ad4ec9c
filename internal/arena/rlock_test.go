package arena

import (
	"testing"

	"github.com/multiproc/mp/internal/prim"
)

// The sweep finds a lock that the dead held at several levels, though it had dropped its handle; clears what names its
// party; and notes the death also if the same process has panicked in it before.
func TestSweepOfAnRLock(t *testing.T) {
	for _, c := range []struct {
		policy uint32
		want   func(dead uint32) prim.Owner
	}{
		{PolicyAbandon, func(dead uint32) prim.Owner { return prim.Owner{ID: dead, Dead: true} }},
		{PolicyRelease, func(uint32) prim.Owner { return prim.Owner{} }},
	} {
		a := testArena(t, MinSize)
		b := relative(t, a)
		o, h := mustObject(t, a, ObjectSpec{Kind: KindRLock, Size: 64})
		theirs, err := b.Open(h, KindRLock, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		l := &PayloadOf[RLockState](theirs).RLock
		p := prim.NewParty(9, prim.Holder(b.id, c.policy == PolicyAbandon))
		for range 3 {
			if !l.TryLock(&p) {
				t.Fatal("not free")
			}
		}
		b.NotePanic(theirs)
		if !o.Panicked() || o.DiedID() != b.id || o.Deaths() != 1 {
			t.Errorf("noted %v of %d, %d times", o.Panicked(), o.DiedID(), o.Deaths())
		}
		b.Drop(theirs) // the handle is garbage after its last use, the Lock
		end(t, b)
		a.look(b.slot, false)
		mine := &PayloadOf[RLockState](o).RLock
		if got := mine.HeldBy(); got != c.want(b.id) {
			t.Errorf("held by %+v, expected %+v", got, c.want(b.id))
		}
		if token, again := mine.Left(); token != 0 || again != 0 {
			t.Errorf("of the dead is left token %d, %d levels", token, again)
		}
		if o.Panicked() || o.DiedID() != b.id || o.Deaths() != 2 {
			t.Errorf("noted %v of %d, %d times", o.Panicked(), o.DiedID(), o.Deaths())
		}
	}
}
