package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
	lists "github.com/multiproc/mp/internal/list"
	"github.com/multiproc/mp/internal/slab"
)

// listed is a list of cells with elements of all sizes.
func listed(t *testing.T, a *arena.Arena, n int) (*lists.List, *slab.User) {
	t.Helper()
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindList, Name: "jobs", Type: "string", Size: listSize})
	l, u := &arena.PayloadOf[arena.ListState](o).List, a.SlabUser(o)
	var e lists.Elements
	for i := range n {
		e.Data = append(e.Data, make([]byte, i*i%211)...)
		if i%500 == 7 {
			e.Data = append(e.Data, make([]byte, 5000)...)
		}
		e.Ends = append(e.Ends, len(e.Data))
	}
	if err := l.Append(u, &e); err != nil {
		t.Fatal(err)
	}
	return l, u
}

func TestSnapshotOfAList(t *testing.T) {
	a := kin(t, "kin")
	l, u := listed(t, a, 1200)
	o := find(t, snapshot(t, a), "jobs")
	if o.List == nil || o.List.Len != 1200 || o.List.Memory != l.Slab.Total || o.Lock != nil {
		t.Errorf("list %+v, lock %+v", o.List, o.Lock)
	}
	w := watch(t, a)
	clean(t, w)
	l.Slab.Hold(u)
	if o := find(t, snapshot(t, a), "jobs"); o.Lock == nil || o.Lock.Holder == nil {
		t.Errorf("while it is held: %+v", o.Lock)
	}
	clean(t, w)
	l.Slab.Release(u)
	for i := range 700 {
		if err := l.Pop(u, i%3, new(lists.Elements)); err != nil {
			t.Fatal(err)
		}
	}
	clean(t, w)
	l.Clear(u)
	clean(t, w)
	object(t, a, arena.ObjectSpec{Kind: arena.KindList, Name: "empty", Type: "string", Size: listSize})
	clean(t, w)
}

func TestCheckFindsWrongLists(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(l *lists.List, table, leaf []uint64, u *slab.User)
		want string
	}{
		{"a length", func(l *lists.List, _, _ []uint64, _ *slab.User) { l.Len++ }, "1200 elements in its leaves, and 1201 counted"},
		{"a sum", func(_ *lists.List, table, _ []uint64, _ *slab.User) { table[0]-- }, "in group 0"},
		{"a window", func(_ *lists.List, table, _ []uint64, _ *slab.User) { table[2] = 300<<32 | 100 }, "100 elements behind 300 words in a leaf of 382"},
		{"leaves", func(l *lists.List, _, _ []uint64, _ *slab.User) { l.Leaves = 1000 }, "1000 leaves in a table of 32"},
		{"a table", func(l *lists.List, _, _ []uint64, _ *slab.User) { l.Table = 1 << 40 }, "a table at 0x10000000000, where the object has nothing"},
		{"no table", func(l *lists.List, _, _ []uint64, _ *slab.User) { l.Table = 0 }, "1200 elements without a table"},
		{"an element nowhere", func(_ *lists.List, _, leaf []uint64, _ *slab.User) { leaf[5] = 8 }, "an element at 0x8"},
		{"an element twice", func(_ *lists.List, _, leaf []uint64, _ *slab.User) { leaf[5] = leaf[6] }, "two cells that overlap"},
		{"an element's length", func(_ *lists.List, _, leaf []uint64, u *slab.User) { u.Cell(leaf[5]).Head |= 1 << 50 }, "an element of"},
		{"a free cell in use", func(l *lists.List, _, leaf []uint64, _ *slab.User) { l.Slab.Free[3] = leaf[9] }, "two cells that overlap"},
		{"free cells in a ring", func(l *lists.List, _, _ []uint64, u *slab.User) {
			l.Slab.Free[3] = l.Slab.Fresh - 64
			u.Cell(l.Slab.Fresh - 64).Next = l.Slab.Fresh - 64
			u.Cell(l.Slab.Fresh - 64).Head = 3
		}, "linked in a ring"},
		{"a loose cell", func(l *lists.List, _, _ []uint64, _ *slab.User) { l.Loose = 64 }, "a loose cell at 0x40"},
		{"a transaction", func(l *lists.List, _, _ []uint64, _ *slab.User) { l.Slab.Redo.N.Store(3) }, "a transaction of 3 words is open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := kin(t, "kin")
			l, u := listed(t, a, 1200)
			w := watch(t, a)
			clean(t, w)
			table := wordsAt(u, l.Table)
			c.harm(l, table, wordsAt(u, table[1]), u)
			found := w.Check()
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("got  %v\nwant %s", fmt.Sprint(found), c.want)
			}
		})
	}
}
