package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/dict"
)

// indexed is a dict of 50 entries, 0 to 49, in 2 shards.
func indexed(t *testing.T, a *arena.Arena) ([]dict.Shard, *dict.Dict) {
	t.Helper()
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindDict, Name: "index", Type: "map[string]string", Size: dict.Memory(2)})
	d := &arena.PayloadOf[arena.DictState](o).Dict
	d.Init(2, [2]uint64{1, 2})
	shards, u := d.All(o.Size), a.SlabUser(o)
	for i := range 51 {
		k := dict.Key{Bytes: fmt.Append(nil, i)}
		k.Hash = dict.Hash(&d.Seed, k.Bytes)
		if _, err := dict.Of(shards, k).Set(u, k, make([]byte, 10*i), dict.Anything); err != nil {
			t.Fatal(err)
		}
		if i == 50 && !dict.Of(shards, k).Delete(u, k, dict.Anything) {
			t.Fatal("not deleted")
		}
	}
	return shards, d
}

func TestSnapshotOfADict(t *testing.T) {
	a := kin(t, "kin")
	shards, _ := indexed(t, a)
	d := find(t, snapshot(t, a), "index").Dict
	if d == nil || d.Len != 50 || d.Shards != 2 || d.Held != 0 || d.Bytes < 49*50/2*10 {
		t.Errorf("dict %+v", d)
	}
	clean(t, watch(t, a))
	u := a.SlabUser(nil)
	shards[1].Slab.Hold(u)
	if d := find(t, snapshot(t, a), "index").Dict; d.Held != 1 {
		t.Errorf("held: %+v", d)
	}
	clean(t, watch(t, a))
	shards[1].Slab.Release(u)
}

func TestCheckFindsWrongDicts(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(d *dict.Dict, s *dict.Shard, table []uint64)
		want string
	}{
		{"shards", func(d *dict.Dict, _ *dict.Shard, _ []uint64) { d.Shards = 3 }, "a power of two that fits"},
		{"more shards", func(d *dict.Dict, _ *dict.Shard, _ []uint64) { d.Shards = 64 }, "a power of two that fits"},
		{"count", func(_ *dict.Dict, s *dict.Shard, _ []uint64) { s.Count++ }, "entries of"},
		{"words", func(_ *dict.Dict, s *dict.Shard, _ []uint64) { s.Used-- }, "entries of"},
		{"bytes", func(_ *dict.Dict, s *dict.Shard, _ []uint64) { s.Bytes-- }, "entries of"},
		{"no table", func(_ *dict.Dict, s *dict.Shard, _ []uint64) { s.Table = 0 }, "and no table"},
		{"another table", func(_ *dict.Dict, s *dict.Shard, _ []uint64) { s.Table += 8 }, "a table of"},
		{"an open transaction", func(_ *dict.Dict, s *dict.Shard, _ []uint64) { s.Slab.Redo.N.Store(1) }, "a transaction of 1 words"},
		{"a seed", func(d *dict.Dict, _ *dict.Shard, _ []uint64) { d.Seed[0]++ }, "by the hash of its key"},
		{"a place", func(_ *dict.Dict, _ *dict.Shard, table []uint64) { table[first(table)] &^= 1<<placeBits - 4 }, "an entry at"},
		{"a hash", func(_ *dict.Dict, _ *dict.Shard, table []uint64) { table[first(table)] ^= 1 << 63 }, "by the hash of its key"},
		{"a place within a cell", func(_ *dict.Dict, _ *dict.Shard, table []uint64) { table[first(table)]++ }, "entry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := kin(t, "kin")
			shards, d := indexed(t, a)
			w := watch(t, a)
			clean(t, w)
			table := tableOf(a, &shards[0])
			c.harm(d, &shards[0], table)
			found := w.Check()
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("got  %v\nwant %s", found, c.want)
			}
		})
	}
}

// first is where the first entry of a table is.
func first(table []uint64) int {
	return slices.IndexFunc(table, func(w uint64) bool { return w > wordGone })
}
