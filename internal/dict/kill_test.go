//go:build mpfail

package dict

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/failpoint"
)

// copied is the memory as it is, entered by another.
func (h *heap) copied() *heap {
	c := &heap{words: slices.Clone(h.words), next: h.next, extents: maps.Clone(h.extents), free: maps.Clone(h.free), limit: h.limit}
	c.enter(2)
	return c
}

// prepared has a table that is full with the next key, in each shard, entries of several sizes, and some that are gone.
func prepared(t *testing.T) *heap {
	h := newHeap(1 << 20)
	for i := range h.shards() {
		s := &h.shards()[i]
		for n := 0; n < 7 || s.Used != uint64(len(s.table(h.user)))/4*3; n++ {
			key := []byte(fmt.Sprintf("%d of %d", n, i))
			if _, err := s.Set(h.user, Key{uint64(n * 3), key}, make([]byte, n*20), Anything); err != nil {
				t.Fatal(err)
			}
		}
		s.Delete(h.user, Key{6, fmt.Appendf(nil, "2 of %d", i)}, Anything)
		s.Delete(h.user, Key{9, fmt.Appendf(nil, "3 of %d", i)}, Anything)
		if _, err := s.Set(h.user, Key{1, []byte("large")}, make([]byte, 5000), Anything); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *heap) entries() map[string]string {
	m := map[string]string{}
	for i := range h.shards() {
		for b := h.shards()[i].Copy(h.user, nil, true); len(b) > 0; {
			var key, value []byte
			key, value, b = Next(b)
			m[fmt.Sprint(i, string(key))] = string(value)
		}
	}
	return m
}

// TestKilledAnywhere copies the memory at each step of a change: that is all that a death leaves. The survivor finds all
// entries as they were before or after, and can make the change.
func TestKilledAnywhere(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps int // at least
		act   func(h *heap, s *Shard)
	}{
		{"new", 8, func(h *heap, s *Shard) { _, _ = s.Set(h.user, Key{77, []byte("new")}, []byte("value"), Anything) }},
		{"overwritten", 4, func(h *heap, s *Shard) {
			_, _ = s.Set(h.user, Key{3, []byte("1 of 0")}, []byte("12345678901234567890"), Anything)
		}},
		{"replaced", 6, func(h *heap, s *Shard) { _, _ = s.Set(h.user, Key{3, []byte("1 of 0")}, []byte("v"), Anything) }},
		{"large instead of small", 2, func(h *heap, s *Shard) { _, _ = s.Set(h.user, Key{3, []byte("1 of 0")}, make([]byte, 4000), Anything) }},
		{"small instead of large", 6, func(h *heap, s *Shard) { _, _ = s.Set(h.user, Key{1, []byte("large")}, []byte("v"), Anything) }},
		{"deleted", 6, func(h *heap, s *Shard) { s.Delete(h.user, Key{12, []byte("4 of 0")}, Anything) }},
		{"large deleted", 6, func(h *heap, s *Shard) { s.Delete(h.user, Key{1, []byte("large")}, Anything) }},
		{"popped", 6, func(h *heap, s *Shard) { s.Pop(h.user, Key{12, []byte("4 of 0")}, nil) }},
		{"grown", 20, func(h *heap, s *Shard) {
			for n := range 20 {
				_, _ = s.Set(h.user, Key{uint64(n * 1000), fmt.Appendf(nil, "more %d", n)}, []byte("value"), Anything)
			}
		}},
		{"cleared", 20, func(h *heap, s *Shard) { s.Clear(h.user) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after := prepared(t), prepared(t)
			c.act(after, &after.shards()[0])
			was, is := before.entries(), after.entries()
			for n := 1; ; n++ {
				dead, step := killed(prepared(t), n, func(h *heap) { c.act(h, &h.shards()[0]) })
				if dead == nil {
					if n <= c.steps {
						t.Errorf("only %d steps", n-1)
					}
					return
				}
				s := &dead.shards()[0]
				s.Slab.Died(1, dead.user.Memory, dead.user.Parker)
				fault := dead.soundBut(was, is)
				c.act(dead, s)
				if got := dead.entries(); fault == "" && !maps.Equal(got, is) {
					fault = "the survivor cannot make the change"
				}
				if id, _ := s.Slab.Lock.HeldBy(); fault == "" && (id != 0 || s.Slab.Trash != 0) {
					fault = "something is left"
				}
				if fault != "" {
					t.Errorf("killed at %d, %q: %s", n, step, fault)
				}
			}
		})
	}
}

// soundBut says what is wrong, if anything is: each entry should be as in one of the two.
func (h *heap) soundBut(was, is map[string]string) string {
	got, count := h.entries(), 0
	for key := range maps.Keys(got) {
		if w, ok := was[key]; ok && w == got[key] {
			continue
		}
		if w, ok := is[key]; !ok || w != got[key] {
			return fmt.Sprintf("%q is torn", key)
		}
	}
	for key := range was {
		if _, ok := is[key]; ok && !has(got, key) {
			return fmt.Sprintf("%q is lost", key)
		}
	}
	for i := range h.shards() {
		s := &h.shards()[i]
		used := uint64(0)
		for _, w := range s.table(h.user) {
			if w != empty {
				used++
			}
		}
		count += int(s.Count)
		if used != s.Used {
			return fmt.Sprintf("%d words are used, and it says %d", used, s.Used)
		}
		if fault := s.Slab.Check(); fault != "" {
			return fault
		}
	}
	if count != len(got) {
		return fmt.Sprintf("%d entries, and it says %d", len(got), count)
	}
	return ""
}

func has(m map[string]string, key string) bool { _, ok := m[key]; return ok }

func killed(h *heap, n int, act func(*heap)) (left *heap, step string) {
	defer failpoint.Disarm()
	defer func() {
		if r := recover(); r != nil && left == nil {
			panic(fmt.Sprint(r))
		}
	}()
	failpoint.Arm(n, func(at string) {
		if strings.HasPrefix(at, "lock: ") {
			panic("a lock is waited for")
		}
		left, step = h.copied(), at
		panic("killed")
	})
	act(h)
	return nil, ""
}
