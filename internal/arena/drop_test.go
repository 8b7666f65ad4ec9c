package arena

import (
	"testing"

	"github.com/multiproc/mp/internal/prim"
)

func TestLockHeldWithoutHandle(t *testing.T) {
	a := testArena(t, MinSize)
	b := relative(t, a)
	o, h := mustObject(t, a, ObjectSpec{Kind: KindLock, Size: 64})
	theirs, err := b.Open(h, KindLock, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	if !PayloadOf[LockState](theirs).Lock.TryLock(prim.Holder(b.id, true)) {
		t.Fatal("not free")
	}
	b.Drop(theirs) // the handle is garbage after its last use, the Lock
	end(t, b)
	a.look(b.slot, false)
	if id, dead := PayloadOf[LockState](o).Lock.HeldBy(); id != 0 && !dead {
		t.Errorf("held by %d, who is dead, for ever", id)
	}
}
