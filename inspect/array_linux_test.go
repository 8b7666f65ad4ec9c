package inspect

import (
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// arrayOf makes an array of n elements of the given size.
func arrayOf(t *testing.T, a *arena.Arena, n, size uint64) (*arena.Object, *arena.ArrayState) {
	t.Helper()
	s := arena.ArrayState{Len: n, Element: size}
	first, all := s.Elements()
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindArray, Name: "rooms", Type: "room", Size: first + all})
	p := arena.PayloadOf[arena.ArrayState](o)
	p.Len, p.Element = n, size
	return o, p
}

func TestSnapshotOfArrays(t *testing.T) {
	a := kin(t, "kin")
	_, s := arrayOf(t, a, 100, 24)
	raw := object(t, a, arena.ObjectSpec{
		Kind: arena.KindRawArray, Flags: arena.FlagSparse, Name: "floats", Type: "float64", Size: rawArraySize + 800_000, Reserve: rawArraySize,
	})
	r := arena.PayloadOf[arena.RawArrayState](raw)
	r.Len, r.Element = 100_000, 8
	all := snapshot(t, a)
	if o := find(t, all, "rooms"); o.Lock != nil || o.Array == nil || *o.Array != (Array{Len: 100, Element: 24}) {
		t.Errorf("%+v, lock %+v", o.Array, o.Lock)
	}
	if o := find(t, all, "floats"); o.Lock != nil || o.Array == nil || *o.Array != (Array{Len: 100_000, Element: 8, Sparse: true}) {
		t.Errorf("%+v, lock %+v", o.Array, o.Lock)
	}
	clean(t, watch(t, a))
	s.Array.Lock.TryLock(prim.Holder(a.Me(), true))
	s.Array.Enter()
	if o := find(t, snapshot(t, a), "rooms"); o.Lock == nil || o.Lock.State != "held" || o.Lock.Holder.ID != a.Me() {
		t.Errorf("lock %+v", o.Lock)
	}
	clean(t, watch(t, a))
}

func TestCheckFindsWrongArrays(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(a *arena.Arena, s *arena.ArrayState)
		want string
	}{
		{"a length", func(_ *arena.Arena, s *arena.ArrayState) { s.Len = 101 }, "elements: expected as many as the object's 2528 bytes are for, found 101 of 24 bytes, from byte 128 on"},
		{"a size", func(_ *arena.Arena, s *arena.ArrayState) { s.Element = 8 }, "found 100 of 8 bytes"},
		{"lengths that run over", func(_ *arena.Arena, s *arena.ArrayState) { s.Len, s.Element = 1<<60, 1<<60 }, "found 1152921504606846976 of"},
		{"torn", func(_ *arena.Arena, s *arena.ArrayState) { s.Array.Seq.Store(5) }, "elements: expected whole, as nobody has the lock, found being changed"},
		{"outside", func(a *arena.Arena, s *arena.ArrayState) {
			s.Array.Lock.TryLock(prim.Holder(a.Me(), false))
			s.Array.Decide(100)
		}, "element that changes: expected one of 100, found 100"},
		{"lock of nobody", func(_ *arena.Arena, s *arena.ArrayState) { s.Array.Lock.TryLock(prim.Holder(arena.ID(1, 7), true)) }, "lock: expected held by a process"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := kin(t, "kin")
			_, s := arrayOf(t, a, 100, 24)
			w := watch(t, a)
			clean(t, w)
			c.harm(a, s)
			if found := w.Check(); !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("got  %v\nwant %s", found, c.want)
			}
		})
	}
}
