package inspect

import (
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/ring"
)

func ringed(t *testing.T, a *arena.Arena, size, most uint64) *arena.QueueState {
	t.Helper()
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindQueue, Name: "jobs", Type: "int", Size: ring.Memory(size)})
	s := arena.PayloadOf[arena.QueueState](o)
	s.Ring.Init(size, most)
	return s
}

// turn puts and takes so that what is left goes over the ring's end.
func turn(t *testing.T, a *arena.Arena, s *arena.QueueState) {
	t.Helper()
	for i := range 9 {
		if err := s.Ring.TryPut(a.RingUser(), make([]byte, 40+i)); err != nil {
			t.Fatal(err)
		}
		if i < 6 {
			if _, err := s.Ring.TryTake(a.RingUser(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSnapshotOfAQueue(t *testing.T) {
	a := kin(t, "kin")
	s := ringed(t, a, 256, 5)
	turn(t, a, s)
	q := find(t, snapshot(t, a), "jobs").Queue
	if q == nil || q.Len != 3 || q.Cap != 5 || q.Ring != 256 || q.Bytes < 3*48 || q.Shut || q.Getters || q.Putters {
		t.Errorf("queue %+v", q)
	}
	clean(t, watch(t, a))
	s.Ring.Shutdown(a.RingUser(), true)
	if q := find(t, snapshot(t, a), "jobs").Queue; q.Len != 0 || !q.Shut {
		t.Errorf("after a shutdown %+v", q)
	}
	clean(t, watch(t, a))
}

func TestCheckFindsWrongRings(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(s *arena.QueueState, words []uint64)
		want string
	}{
		{"a size", func(s *arena.QueueState, _ []uint64) { s.Ring.Size = 257 }, "a power of two that fits"},
		{"a larger size", func(s *arena.QueueState, _ []uint64) { s.Ring.Size = 512 }, "a power of two that fits"},
		{"a limit", func(s *arena.QueueState, _ []uint64) { s.Ring.Most = 1 << 22 }, "at most 4194303 messages"},
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
			s := ringed(t, a, 256, 5)
			turn(t, a, s)
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
