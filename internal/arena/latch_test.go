package arena

import (
	"testing"
	"time"

	"github.com/multiproc/mp/internal/prim"
)

// soon fails the test if f does not end.
func soon(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("it waits for the dead")
	}
}

// sweptBy says that a process is dead, and another its sweeper.
func sweptBy(a *Arena, corpse, by uint32) {
	a.Slot(SlotOf(corpse)).State.Store(uint64(NewState(Dead, by, corpse>>10)))
}

// takeAccounts has a process lock the accounts, and come no further.
func takeAccounts(s *BoundedState, id uint32) {
	defer func() { _ = recover() }()
	s.Bounded.Died(0, nil, func(l *prim.Lock) {
		l.TryLock(prim.Holder(id, false))
		panic("killed")
	}, nil)
}

// A sweeper has the lock of the accounts though it has no handle of the semaphore, and dies with it. Whoever comes next, to
// the first corpse, to the sweeper or to both, must find that out.
func TestSweeperDiesWithTheAccounts(t *testing.T) {
	for name, look := range map[string]func(a, b, c *Arena){
		"the corpse first":  func(a, b, c *Arena) { a.look(b.slot, false) },
		"the sweeper first": func(a, b, c *Arena) { a.look(c.slot, false) },
		"the sweeper alone": func(a, b, c *Arena) { a.Bury(c.id) },
		"a new tenant for the sweeper's slot": func(a, b, c *Arena) {
			life, slot, err := a.Claim(a.id, "tenant") // takes the byte, but no slot that is not swept
			if err != nil || slot == c.slot {
				t.Errorf("slot %d, %v", slot, err)
			}
			a.look(b.slot, false)
			_ = life.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := testArena(t, MinSize)
			b, c := relative(t, a), relative(t, a)
			s, theirs, others := newBounded(t, a, b, c, 5)
			acquire(t, b, theirs)
			acquire(t, b, theirs)
			acquire(t, a, s)
			end(t, b)
			sweptBy(a, b.id, c.id)
			takeAccounts(others, c.id)
			end(t, c)
			soon(t, func() { look(a, b, c) })
			if n := s.Bounded.Value(); n != 4 {
				t.Errorf("%d of 5 permits are left, and one is taken", n)
			}
			for _, slot := range []uint32{b.slot, c.slot} {
				if got := State(a.Slot(slot).State.Load()).Status(); got != Free {
					t.Errorf("slot %d is %v", slot, got)
				}
			}
			acquire(t, a, s)
		})
	}
}

// Two of the dead have each the lock that the sweep of the other wants: neither may be swept twice, as its slot may have a
// new tenant in between.
func TestEachHasTheOthersLock(t *testing.T) {
	a := testArena(t, MinSize)
	b, c := relative(t, a), relative(t, a)
	var seen []*BoundedState
	for i := range 2 {
		s, theirs, _ := newBounded(t, a, b, c, 5)
		ours, err := c.Open(a.objectOf(s).Handle(), KindBoundedSemaphore, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		acquire(t, b, theirs)
		acquire(t, c, PayloadOf[BoundedState](ours))
		seen = append(seen, s)
		takeAccounts(s, []uint32{c.id, b.id}[i])
	}
	end(t, b)
	end(t, c)
	soon(t, func() { a.look(b.slot, false) })
	for i, s := range seen {
		if n := s.Bounded.Value(); n != 5 {
			t.Errorf("semaphore %d has %d permits of 5", i, n)
		}
	}
	d, e := relative(t, a), relative(t, a)
	if d.slot == e.slot || a.gone(d.slot, false) || len(a.corpses) != 0 {
		t.Errorf("slots %d and %d, %d corpses", d.slot, e.slot, len(a.corpses))
	}
}

// Two sweepers who live have each the sweeper of a corpse whose lock the other waits for. A sweep has the corpses of the dead
// before it waits for anything.
func TestSweepersDoNotWaitForEachOther(t *testing.T) {
	a := testArena(t, MinSize)
	var dead []*Arena // two sweepers, and the corpse of each
	for range 4 {
		dead = append(dead, relative(t, a))
	}
	other := relative(t, a)
	for i, d := range dead[:2] {
		s, theirs, _ := newBounded(t, a, d, a, 5)
		acquire(t, d, theirs)
		corpse := dead[2+1-i] // of the other sweeper
		if _, err := corpse.Open(a.objectOf(s).Handle(), KindBoundedSemaphore, 0, ""); err != nil {
			t.Fatal(err)
		}
		takeAccounts(s, corpse.id)
	}
	for i, d := range dead {
		end(t, d)
		if i >= 2 {
			sweptBy(a, d.id, dead[i-2].id)
		}
	}
	seize := func(by *Arena, who *Arena) {
		by.sweep.Lock()
		defer by.sweep.Unlock()
		if !by.seize(who.slot, who.id>>10) {
			t.Fatal("another has it")
		}
	}
	seize(other, dead[1]) // each has begun before the other goes on
	seize(a, dead[0])
	first := make(chan bool)
	go func() { first <- other.look(dead[1].slot, false) }()
	soon(t, func() { a.look(dead[0].slot, false); <-first })
	for i, d := range dead {
		if got := State(a.Slot(d.slot).State.Load()).Status(); got != Free {
			t.Errorf("slot of %d is %v", i, got)
		}
	}
}
