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

// large puts what has no room in the ring, keeps a block in hand, and leaves a spare.
func large(t *testing.T, s *arena.QueueState, u *ring.User) (queued, spare *ring.Block) {
	t.Helper()
	var all []ring.Message
	for range 2 {
		m, err := s.Ring.Hold(u, 1000)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	if err := s.Ring.TryPut(u, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	s.Ring.Release(u, all[0])
	u.Store.Each(func(at uint64, b *ring.Block) {
		if b.Owner.Load() == ring.Spare {
			spare = b
		} else if b.Length != 0 {
			queued = b
		}
	})
	return queued, spare
}

func TestBlocksOfAQueue(t *testing.T) {
	a := kin(t, "kin")
	s, u := ringed(t, a, 256, 5)
	queued, spare := large(t, s, u)
	if b := find(t, snapshot(t, a), "jobs").Queue.Blocks; b.Count != 2 || b.Spares != 1 || b.Bytes < 1100 || b.SpareBytes < 1000 {
		t.Errorf("blocks %+v", b)
	}
	if o := find(t, snapshot(t, a), "jobs"); o.Memory < o.Size+o.Queue.Blocks.Bytes+o.Queue.Blocks.SpareBytes {
		t.Errorf("%d bytes of memory, with a payload of %d and blocks %+v", o.Memory, o.Size, o.Queue.Blocks)
	}
	clean(t, watch(t, a))
	where := slices.IndexFunc(s.Ring.Spares[:], func(at uint64) bool { return at != 0 })
	turn := func() { s.Ring.Spares[where] ^= 64 }
	for _, c := range []struct {
		want       string
		harm, mend func()
	}{
		{"a spare at", func() { queued.Owner.Store(ring.Spare) }, func() { queued.Owner.Store(a.Me()) }},
		{"a message of", func() { queued.Length = 5000 }, func() { queued.Length = 100 }},
		{"in the hand of id 77", func() { spare.Owner.Store(77) }, func() { spare.Owner.Store(ring.Spare) }},
		{"in the hand of id 0", func() { spare.Owner.Store(0) }, func() { spare.Owner.Store(ring.Spare) }},
		{"which is none", func() { queued.Ring = 1 }, func() { queued.Ring = 0 }},
		{"that nobody finds", turn, turn},
	} {
		c.harm()
		found := watch(t, a).Check()
		if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
			t.Errorf("got  %v\nwant %s", found, c.want)
		}
		c.mend()
		clean(t, watch(t, a))
	}
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
