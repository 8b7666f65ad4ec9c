package inspect

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/refusal"
	"github.com/multiproc/mp/internal/ring"
)

func ringed(t *testing.T, a *arena.Arena, size, most uint64) (*arena.QueueState, *ring.User) {
	t.Helper()
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindQueue, Name: "jobs", Type: "int", Size: ring.Memory(size)})
	s := arena.PayloadOf[arena.QueueState](o)
	s.Ring.Init(size, most)
	u, err := a.RingUser(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, u
}

// turn puts and takes so that what is left goes over the ring's end.
func turn(t *testing.T, s *arena.QueueState, u *ring.User) {
	t.Helper()
	for i := range 9 {
		if err := s.Ring.TryPut(u, make([]byte, 40+i)); err != nil {
			t.Fatal(err)
		}
		if i < 6 {
			if _, err := s.Ring.TryTake(u, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSnapshotOfAQueue(t *testing.T) {
	a := kin(t, "kin")
	s, u := ringed(t, a, 256, 5)
	turn(t, s, u)
	q := find(t, snapshot(t, a), "jobs").Queue
	if q == nil || q.Len != 3 || q.Cap != 5 || q.Ring != 256 || q.Bytes < 3*48 || q.Shut || q.Getters || q.Putters {
		t.Errorf("queue %+v", q)
	}
	clean(t, watch(t, a))
	s.Ring.Shutdown(u, true)
	if q := find(t, snapshot(t, a), "jobs").Queue; q.Len != 0 || !q.Shut {
		t.Errorf("after a shutdown %+v", q)
	}
	clean(t, watch(t, a))
}

func TestCheckFindsWrongRings(t *testing.T) {
	t.Run("one that was found", func(t *testing.T) {
		a := kin(t, "kin")
		s, u := ringed(t, a, 256, 5)
		turn(t, s, u)
		for i := range ringWords(s, 256) {
			ringWords(s, 256)[i] = 0
		}
		if _, err := s.Ring.TryTake(u, nil); !errors.Is(err, refusal.ErrCorrupt) {
			t.Fatalf("TryTake: %v", err)
		}
		if q := find(t, snapshot(t, a), "jobs").Queue; !q.Corrupt {
			t.Errorf("queue %+v", q)
		}
		found := watch(t, a).Check()
		if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), "nobody has found corrupt") }) {
			t.Errorf("got %v", found)
		}
	})
	for _, c := range []struct {
		name string
		harm func(s *arena.QueueState, words []uint64)
		want string
	}{
		{"a size", func(s *arena.QueueState, _ []uint64) { s.Ring.Size = 257 }, "a power of two that fits"},
		{"a larger size", func(s *arena.QueueState, _ []uint64) { s.Ring.Size = 512 }, "a power of two that fits"},
		{"a limit", func(s *arena.QueueState, _ []uint64) { s.Ring.Most = 1 << 22 }, "at most 4194303 messages"},
		{"where the ring is free", func(s *arena.QueueState, _ []uint64) { s.Ring.HeadSeen += 100 << 25 }, "HeadSeen"},
		{"where the ring is used", func(s *arena.QueueState, _ []uint64) { s.Ring.TailSeen += 100 << 25 }, "TailSeen"},
		{"a record", func(_ *arena.QueueState, words []uint64) {
			for i := range words {
				words[i] = 3
			}
		}, "a record of kind 3"},
		{"a length", func(_ *arena.QueueState, words []uint64) {
			for i := range words {
				words[i] |= 1 << 40
			}
		}, "a record of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := kin(t, "kin")
			s, u := ringed(t, a, 256, 5)
			turn(t, s, u)
			w := watch(t, a)
			clean(t, w)
			c.harm(s, ringWords(s, 256))
			found := w.Check()
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("got  %v\nwant %s", found, c.want)
			}
		})
	}
}
