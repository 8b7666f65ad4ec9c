package inspect

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/park"
)

func bounded(t *testing.T, a *arena.Arena, permits uint32) (*arena.Object, *arena.BoundedState) {
	t.Helper()
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindBoundedSemaphore, Name: "seats", Type: "mp.BoundedSemaphore", Size: boundedSize})
	s := arena.PayloadOf[arena.BoundedState](o)
	s.Bounded.Init(permits)
	return o, s
}

func take(t *testing.T, a *arena.Arena, s *arena.BoundedState, n int) {
	t.Helper()
	for range n {
		if err := s.Bounded.AcquireSlow(context.Background(), a.Seat(s, new(park.Spin))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSnapshotOfSemaphores(t *testing.T) {
	a := kin(t, "kin")
	b := relative(t, a)
	plain := object(t, a, arena.ObjectSpec{Kind: arena.KindSemaphore, Name: "plain", Type: "mp.Semaphore", Size: semaphoreSize})
	arena.PayloadOf[arena.SemaphoreState](plain).Semaphore.Init(7)
	o, s := bounded(t, a, 5)
	theirs, err := b.Open(o.Handle(), arena.KindBoundedSemaphore, 0, "mp.BoundedSemaphore")
	if err != nil {
		t.Fatal(err)
	}
	take(t, a, s, 1)
	take(t, b.Arena, arena.PayloadOf[arena.BoundedState](theirs), 2)
	taken := []Taken{
		{Person{a.Me(), os.Getpid(), "MainProcess"}, 1},
		{Person{b.Me(), os.Getpid(), "relative"}, 2},
	}
	shot := snapshot(t, a)
	if p := find(t, shot, "plain").Permits; p == nil || p.Left != 7 || p.Waited || p.Bound != nil || p.Taken != nil {
		t.Errorf("semaphore %+v", p)
	}
	p := find(t, shot, "seats").Permits
	if p == nil || p.Left != 2 || *p.Bound != 5 || !slices.Equal(p.Taken, taken) || p.Last != nil {
		t.Errorf("bounded semaphore %+v", p)
	}
	clean(t, watch(t, a))
	b.die(t)
	a.Bury(b.Me())
	p = find(t, snapshot(t, a), "seats").Permits
	if p.Left != 4 || !slices.Equal(p.Taken, taken[:1]) || p.Deaths != 1 || p.Last == nil || p.Last.Name != "relative" {
		t.Errorf("after a death %+v, %+v", p, p.Last)
	}
	clean(t, watch(t, a))
}

func TestCheckFindsWrongPermits(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(s *arena.BoundedState)
		want string
	}{
		{"too many left", func(s *arena.BoundedState) { s.Bounded.Init(5) }, "permits: expected as many left and held as there are, found 7 of 5"},
		{"held by nobody", func(s *arena.BoundedState) { s.Held[77].Store(1) }, "1 held by slot 77, which is free"},
		{"bound", func(s *arena.BoundedState) { s.Bounded.Init(1 << 30) }, "bound: expected at most 4194303 permits, found 1073741824"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := kin(t, "kin")
			b := relative(t, a)
			_, s := bounded(t, a, 5)
			take(t, b.Arena, s, 2)
			take(t, a, s, 1)
			w := watch(t, a)
			clean(t, w)
			c.harm(s)
			found := w.Check()
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("got  %v\nwant %s", found, c.want)
			}
		})
	}
}
