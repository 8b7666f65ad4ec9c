package arena

import "testing"

// A slot keeps nothing of its last tenant that could prove the death of the next.
func TestNamespaceOfTheLastTenant(t *testing.T) {
	a := testArena(t, MinSize)
	b := relative(t, a)
	if b.MySlot().Namespace.Load() == 0 {
		t.Skip("no pid namespace is known here")
	}
	ns := b.MySlot().Namespace.Load()
	end(t, b)
	a.Slot(b.slot).Namespace.Store(ns)
	a.Bury(b.id)
	life, slot, err := a.Claim(a.id, "stranger")
	if err != nil || slot != b.slot {
		t.Fatal(slot, err)
	}
	f, err := reopen(a)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Attach(f, life, slot, false) // in a pid namespace of its own
	if err != nil {
		t.Fatal(err)
	}
	c.MySlot().PID.Store(1 << 21) // which nobody has here: beyond every pid_max but the highest
	if a.gone(slot, true) {
		t.Error("a process that lives was found dead by a pid of another namespace")
	}
}

// Who reaps late must not bury the next tenant of the slot.
func TestSweeperOfAnEarlierGeneration(t *testing.T) {
	a := testArena(t, MinSize)
	b, c := relative(t, a), relative(t, a)
	end(t, b)
	end(t, c)
	old := c.id
	a.Bury(c.id)
	d := relative(t, a) // in c's slot
	if d.slot != c.slot {
		t.Fatal(d.slot)
	}
	a.Slot(b.slot).State.Store(uint64(NewState(Dead, old, State(a.Slot(b.slot).State.Load()).Generation())))
	if !a.look(b.slot, false) || State(a.Slot(b.slot).State.Load()).Status() != Free {
		t.Error("the sweep of a sweeper that is no more is taken for one under way")
	}
}
