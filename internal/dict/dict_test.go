package dict

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func (h *heap) set(key, value string, x Expected) (bool, error) {
	s, k := h.key(key)
	return s.Set(h.user, k, []byte(value), x)
}

func (h *heap) get(key string) (string, bool) {
	s, k := h.key(key)
	b, found := s.Get(h.user, k, nil)
	return string(b), found
}

func (h *heap) del(key string, x Expected) bool {
	s, k := h.key(key)
	return s.Delete(h.user, k, x)
}

// contents are all entries, as Copy has them.
func (h *heap) contents() map[string]string {
	m := map[string]string{}
	for i := range h.shards() {
		s := &h.shards()[i]
		b, n := s.Copy(h.user, nil, true), 0
		for ; len(b) > 0; n++ {
			var key, value []byte
			key, value, b = Next(b)
			m[string(key)] = string(value)
		}
		if n != s.Len() {
			panic(fmt.Sprintf("a copy of %d entries of %d", n, s.Len()))
		}
	}
	return m
}

// sound says what is wrong with what the shards say of themselves, "" if nothing.
func (h *heap) sound() string {
	for i := range h.shards() {
		s := &h.shards()[i]
		if fault := s.Slab.Check(); fault != "" {
			return fault
		}
		count, used, size := uint64(0), uint64(0), uint64(0)
		for _, w := range s.table(h.user) {
			if w != empty {
				used++
			}
			if w > gone {
				e := entryAt(h.user, placeOf(w))
				count++
				size += uint64(len(e.bytes))
				if got, found := h.get(string(e.key())); !found || got != string(e.value()) {
					return fmt.Sprintf("the entry of %q cannot be found", e.key())
				}
			}
		}
		if count != s.Count || used != s.Used || size != s.Bytes {
			return fmt.Sprintf("shard %d: %d entries, %d words, %d bytes, and it says %d, %d, %d", i, count, used, size, s.Count, s.Used, s.Bytes)
		}
	}
	return ""
}

var lengths = []int{0, 1, 7, 8, 9, 16, 63, 64, 65, 200, 3000, 5000}

// step makes one change, of a dict and of the map that it should be like.
func (h *heap) step(r *rand.Rand, like map[string]string, keys int) string {
	key := fmt.Sprint(r.IntN(keys))
	key = key[:len(key)-1] + string(bytes.Repeat([]byte(key[len(key)-1:]), 1+r.IntN(2)*10)) // of several lengths
	value := string(bytes.Repeat([]byte{byte(r.Int())}, lengths[r.IntN(len(lengths)-r.IntN(4))]))
	was, there := like[key]
	switch r.IntN(8) {
	case 0, 1, 2:
		if done, err := h.set(key, value, Anything); !done || err != nil {
			return fmt.Sprint("Set: ", done, err)
		}
		like[key] = value
	case 3:
		x := Expected{Found: r.IntN(2) == 0, Value: []byte(was)}
		if done, err := h.set(key, value, x); done != (x.Found == there) || err != nil {
			return fmt.Sprint("Set if: ", done, err)
		} else if done {
			like[key] = value
		}
	case 4:
		if done, err := h.set(key, value, Expected{Found: true, Value: []byte(was + "x")}); done || err != nil {
			return fmt.Sprint("Set if it was something else: ", done, err)
		}
	case 5, 6:
		if done := h.del(key, Anything); done != there {
			return fmt.Sprint("Delete: ", done)
		}
		delete(like, key)
	case 7:
		s, k := h.key(key)
		if b, found := s.Pop(h.user, k, nil); found != there || string(b) != was {
			return fmt.Sprintf("Pop: %q, %v", b, found)
		}
		delete(like, key)
	}
	if got, found := h.get(key); got != like[key] || found != (like[key] != "" || hasEmpty(like, key)) {
		return fmt.Sprintf("Get(%q): %q, %v", key, got, found)
	}
	return ""
}

func hasEmpty(m map[string]string, key string) bool { _, ok := m[key]; return ok }

func TestLikeAMap(t *testing.T) {
	for seed := range uint64(20) {
		h, like, r := newHeap(64<<20), map[string]string{}, rand.New(rand.NewPCG(seed, 1))
		keys := 1 << r.IntN(12)
		for i := range 3000 {
			if wrong := h.step(r, like, keys); wrong != "" {
				t.Fatalf("seed %d, step %d: %s", seed, i, wrong)
			}
			if r.IntN(2000) == 0 {
				for i := range h.shards() {
					h.shards()[i].Clear(h.user)
				}
				clear(like)
			}
			if i%500 == 0 {
				if wrong := h.sound(); wrong != "" {
					t.Fatalf("seed %d, step %d: %s", seed, i, wrong)
				}
			}
		}
		if got := h.contents(); !maps.Equal(got, like) {
			t.Fatalf("seed %d: %d entries, want %d", seed, len(got), len(like))
		}
	}
}

// FuzzLikeAMap takes its steps from the fuzzer.
func FuzzLikeAMap(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint16(100))
	f.Fuzz(func(t *testing.T, a, b uint64, steps uint16) {
		h, like, r := newHeap(32<<20), map[string]string{}, rand.New(rand.NewPCG(a, b))
		for range steps % 2000 {
			if wrong := h.step(r, like, 1+int(a%500)); wrong != "" {
				t.Fatal(wrong)
			}
		}
		if wrong := h.sound(); wrong != "" {
			t.Fatal(wrong)
		}
		if !maps.Equal(h.contents(), like) {
			t.Fatal("other entries")
		}
	})
}

// TestMany: tables that do not fit in a chunk, and back to nothing.
func TestMany(t *testing.T) {
	h := newHeap(64 << 20)
	const n = 50000
	for i := range n {
		if _, err := h.set(fmt.Sprint(i), fmt.Sprint(-i), Anything); err != nil {
			t.Fatal(err)
		}
	}
	if wrong := h.sound(); wrong != "" {
		t.Fatal(wrong)
	}
	for i := range n {
		if got, found := h.get(fmt.Sprint(i)); got != fmt.Sprint(-i) || !found {
			t.Fatalf("%d: %q, %v", i, got, found)
		}
	}
	for i := range h.shards() {
		if s := &h.shards()[i]; s.Count < n/heapShards*9/10 {
			t.Errorf("shard %d has %d entries of %d", i, s.Count, n)
		}
	}
	for i := range n {
		if !h.del(fmt.Sprint(i), Anything) {
			t.Fatalf("%d is not there", i)
		}
	}
	if wrong := h.sound(); wrong != "" || len(h.contents()) > 0 {
		t.Error(wrong, h.contents())
	}
}

// TestChurn: memory and tables stay as they are, however many keys have come, changed and gone.
func TestChurn(t *testing.T) {
	for name, turn := range map[string]func(h *heap, i int){
		"keys come and go": func(h *heap, i int) {
			h.mustSet(t, i, "a value of some length")
			h.del(fmt.Sprint(i-100), Anything)
		},
		"values change": func(h *heap, i int) { h.mustSet(t, i%100, "a value of some length"[:i/100%22]) },
		"all go": func(h *heap, i int) {
			h.mustSet(t, i, "value")
			if i%100 == 0 {
				for n := range h.shards() {
					h.shards()[n].Clear(h.user)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHeap(4 << 20)
			for i := range 100000 {
				turn(h, i)
			}
			if len(h.contents()) > 100 {
				t.Errorf("%d entries", len(h.contents()))
			}
			if h.next > 100<<10 {
				t.Errorf("%d bytes are used for 100 entries", h.next)
			}
		})
	}
}

func (h *heap) mustSet(t *testing.T, key int, value string) {
	t.Helper()
	if _, err := h.set(fmt.Sprint(key), value, Anything); err != nil {
		t.Fatalf("key %d: %v", key, err)
	}
}

// TestNoRoom: what is refused has changed nothing, and what is there can be changed and taken out.
func TestNoRoom(t *testing.T) {
	h := newHeap(64 << 10)
	n := 0
	for ; ; n++ {
		if done, err := h.set(fmt.Sprint(n), "value", Anything); err == errFull && !done {
			break
		} else if err != nil || !done {
			t.Fatal(done, err)
		}
	}
	before := h.contents()
	if len(before) != n || n < 100 {
		t.Errorf("full with %d entries of %d", len(before), n)
	}
	if done, err := h.set("1", string(make([]byte, 100000)), Anything); done || err != errFull {
		t.Error(done, err)
	}
	if wrong := h.sound(); wrong != "" || !maps.Equal(h.contents(), before) {
		t.Errorf("a refusal has changed something: %s", wrong)
	}
	if done, err := h.set("2", "other", Anything); !done || err != nil {
		t.Errorf("overwriting needs room: %v", err)
	}
	for i := range n {
		if !h.del(fmt.Sprint(i), Anything) {
			t.Errorf("%d is gone", i)
		}
	}
	if _, err := h.set("1", "again", Anything); err != nil {
		t.Error(err)
	}
}

// TestCollisions: keys of one hash, through growth and deletion.
func TestCollisions(t *testing.T) {
	h := newHeap(1 << 20)
	s := &h.shards()[0]
	key := func(i int) Key { return Key{uint64(i % 2), []byte(fmt.Sprint(i))} }
	for i := range 100 {
		if _, err := s.Set(h.user, key(i), []byte{byte(i)}, Anything); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		if b, found := s.Get(h.user, key(i), nil); !found || !bytes.Equal(b, []byte{byte(i)}) {
			t.Fatalf("%d: %v, %v", i, b, found)
		}
		if i%3 == 0 {
			s.Delete(h.user, key(i), Anything)
		}
	}
	for i := range 100 {
		if _, found := s.Get(h.user, key(i), nil); found != (i%3 != 0) {
			t.Errorf("%d: %v", i, found)
		}
	}
}

// TestLargeTable: beyond what a word knows of the hash, the entries are asked.
func TestLargeTable(t *testing.T) {
	h := newHeap(1 << 20)
	s, k := &h.shards()[0], Key{0xFEDCBA9, []byte("k")}
	if _, err := s.Set(h.user, k, nil, Anything); err != nil {
		t.Fatal(err)
	}
	slot, _ := find(h.user, s.table(h.user), k)
	large := make([]uint64, 2*(tagMask+1))
	move(h.user, large, *slot)
	if found, e := find(h.user, large, k); !e.found() || indexOf(large, found) != k.Hash&(uint64(len(large))-1) {
		t.Error("not where its hash says")
	}
}

func TestCorrupt(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(h *heap, s *Shard, k Key)
	}{
		{"shards", func(h *heap, _ *Shard, _ Key) { h.dict().Shards = 3 }},
		{"table", func(_ *heap, s *Shard, _ Key) { s.Table = 1 << 40 }},
		{"length of the table", func(h *heap, s *Shard, _ Key) { h.user.Cell(s.Table).Head = 24 << 8 }},
		{"place of an entry", func(h *heap, s *Shard, k Key) {
			slot, _ := find(h.user, s.table(h.user), k)
			*slot |= 1 << 40
		}},
		{"length of a key", func(h *heap, s *Shard, k Key) {
			_, e := find(h.user, s.table(h.user), k)
			e.words[0] |= 1 << 60
		}},
		{"a full table", func(h *heap, s *Shard, k Key) {
			for i := range s.table(h.user) {
				s.table(h.user)[i] = gone
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHeap(1 << 20)
			_, _ = h.set("k", "v", Anything)
			s, k := h.key("k")
			c.harm(h, s, k)
			defer func() {
				if r := fmt.Sprint(recover()); !slices.Contains([]string{"mp: corrupt arena"}, r[:min(len(r), 17)]) {
					t.Errorf("panicked with %s", r)
				}
				if id, _ := s.Slab.Lock.HeldBy(); id != 0 {
					t.Error("the lock is held")
				}
			}()
			h.get("k")
			h.contents()
		})
	}
}

func BenchmarkGet(b *testing.B) {
	h := newHeap(1 << 20)
	_, _ = h.set("some key", "12345678", Anything)
	s, k := h.key("some key")
	room := make([]byte, 0, 64)
	for b.Loop() {
		if _, found := s.Get(h.user, k, room); !found {
			b.Fatal()
		}
	}
}

func BenchmarkOverwrite(b *testing.B) {
	h := newHeap(1 << 20)
	s, k := h.key("some key")
	v := make([]byte, 8)
	for b.Loop() {
		v[0]++
		if _, err := s.Set(h.user, k, v, Anything); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReplace(b *testing.B) {
	h := newHeap(1 << 20)
	s, k := h.key("some key")
	v := make([]byte, 200)
	for b.Loop() {
		v[0]++
		if _, err := s.Set(h.user, k, v, Anything); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSetDelete(b *testing.B) {
	h := newHeap(1 << 20)
	s, k := h.key("some key")
	for b.Loop() {
		if _, err := s.Set(h.user, k, nil, Anything); err != nil || !s.Delete(h.user, k, Anything) {
			b.Fatal(err)
		}
	}
}
