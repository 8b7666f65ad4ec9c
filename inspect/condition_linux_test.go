package inspect

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// condition makes a condition over a new lock; of the two of the family one has two waits, one of them granted, and the
// other has one wait.
func condition(t *testing.T) (a *arena.Arena, l *arena.Object, s *arena.ConditionState) {
	t.Helper()
	a = kin(t, "kin")
	b := relative(t, a)
	t.Cleanup(func() { runtime.KeepAlive(b) }) // collected, it would count as dead
	l, _ = lock(t, a, "the lock")
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindCondition, Name: "wanted", Type: "mp.Condition", Size: conditionSize})
	arena.NewConditionState(o, l.Handle())
	s = arena.PayloadOf[arena.ConditionState](o)
	var mine, theirs prim.Waiters
	mine.Join(&s.Condition, 0)
	mine.Join(&s.Condition, 0)
	theirs.Join(&s.Condition, arena.SlotOf(b.Me()))
	s.Condition.Notify(1, a.Top(), a.Parker())
	return a, l, s
}

func TestSnapshotOfConditions(t *testing.T) {
	a, _, s := condition(t)
	o := find(t, snapshot(t, a), "wanted")
	if o.Kind != "Condition" || o.Condition == nil || o.Condition.Lock != find(t, snapshot(t, a), "the lock").Handle() || o.Condition.Waiting != 2 || o.Condition.Woken != 1 {
		t.Errorf("got %+v, %+v", o, o.Condition)
	}
	clean(t, watch(t, a))
	s.Condition.Consume(0)
	if c := find(t, snapshot(t, a), "wanted").Condition; c.Waiting != 2 || c.Woken != 0 {
		t.Errorf("got %+v", c)
	}
	clean(t, watch(t, a))
}

func TestCheckFindsInConditions(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(a *arena.Arena, l *arena.Object, s *arena.ConditionState)
		want string
	}{
		{"nobody waits", func(_ *arena.Arena, _ *arena.Object, s *arena.ConditionState) {
			new(prim.Waiters).Join(&s.Condition, 77)
		}, "waits of slot 77: expected none, as the slot is free, found 1 waiting, 0 woken"},
		{"consumed too much", func(_ *arena.Arena, _ *arena.Object, s *arena.ConditionState) {
			s.Condition.Consume(0)
			s.Condition.Consume(0)
		}, "waits of slot 0: expected grants for those who asked, and consumed by those who got them, found 1 waiting, -1 woken"},
		{"no lock", func(a *arena.Arena, l *arena.Object, _ *arena.ConditionState) { a.Drop(l) }, "lock: expected one that exists, found 0.1"},
		{"another lock", func(_ *arena.Arena, _ *arena.Object, s *arena.ConditionState) { s.LockGeneration++ }, "lock: expected one that exists, found 0.2"},
		{"no index", func(_ *arena.Arena, _ *arena.Object, s *arena.ConditionState) { s.LockIndex = 1 << 31 }, "lock: expected one that exists"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, l, s := condition(t)
			c.harm(a, l, s)
			found := watch(t, a).Check()
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("got  %v\nwant %s", found, c.want)
			}
		})
	}
}
