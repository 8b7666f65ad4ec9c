//go:build linux

package inspect

import (
	"testing"
	"unsafe"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// rlocked makes an RLock with the given words.
func rlocked(d *damage, word uint64, again uint32) {
	o := object(d.t, d.Arena, arena.ObjectSpec{Kind: arena.KindRLock, Name: "nested", Type: "mp.RLock", Size: rlockSize})
	*d.lockWord(o) = word
	*(*[2]uint32)(unsafe.Pointer(d.word(d.place(o) + headerSize + 8))) = [2]uint32{0, again}
}

func TestSnapshotOfRLocks(t *testing.T) {
	a := kin(t, "kin")
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindRLock, Name: "nested", Type: "mp.RLock", Size: rlockSize})
	w := watch(t, a)
	state := &arena.PayloadOf[arena.RLockState](o).RLock
	p := prim.NewParty(7, prim.Holder(a.Me(), true))
	if l := find(t, snapshot(t, a), "nested").Lock; *l != (Lock{State: "free"}) {
		t.Errorf("free %+v", l)
	}
	for depth := range 3 {
		if !state.TryLock(&p) {
			t.Fatal("not free")
		}
		l := find(t, snapshot(t, a), "nested").Lock
		if l.State != "held" || l.Holder.ID != a.Me() || l.Token != 7 || l.Depth != depth+1 || l.Last != nil {
			t.Errorf("held %+v", l)
		}
		clean(t, w)
	}
	a.NotePanic(o)
	state.Abandon(&p, 1, a.Parker())
	l := find(t, snapshot(t, a), "nested").Lock
	if l.State != "abandoned" || l.Holder.ID != a.Me() || l.Token != 0 || l.Depth != 0 || l.Last == nil || !l.Last.Panicked {
		t.Errorf("abandoned %+v, %+v", l, l.Last)
	}
	clean(t, w)
}
