//go:build mpfail

package slab

import (
	"fmt"
	"maps"
	"testing"

	"github.com/multiproc/mp/internal/failpoint"
)

// TestKilledAnywhere copies the memory at each step of an operation: that is all that a death leaves. The survivor finds the
// cells as they were before or after, none lost, and can go on.
func TestKilledAnywhere(t *testing.T) {
	for _, c := range []struct {
		name string
		act  func(*heap)
	}{
		{"the first", func(h *heap) { _ = h.put(9, 10, 1) }},
		{"another class", func(h *heap) { _ = h.put(9, 500, 1) }},
		{"used before", func(h *heap) { _ = h.put(9, 30, 1) }},
		{"a new chunk", func(h *heap) { _ = h.put(9, 3000, 1) }},
		{"large", func(h *heap) { _ = h.put(9, 5000, 1) }},
		{"instead", func(h *heap) { _ = h.put(1, 100, 1) }},
		{"instead, of the same size", func(h *heap) { _ = h.put(0, 30, 1) }},
		{"large instead of small", func(h *heap) { _ = h.put(1, 5000, 1) }},
		{"small instead of large", func(h *heap) { _ = h.put(3, 5, 1) }},
		{"large instead of large", func(h *heap) { _ = h.put(3, 5001, 1) }},
		{"drop", func(h *heap) { h.drop(0) }},
		{"drop large", func(h *heap) { h.drop(3) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for n := 1; ; n++ {
				before := prepared(t)
				was := before.contents()
				dead, step := killed(prepared(t), n, c.act)
				if dead == nil {
					if n < 3 {
						t.Errorf("only %d steps", n-1)
					}
					return
				}
				dead.slab().Died(1, dead.user.Memory, dead.user.Parker)
				after := prepared(t)
				c.act(after)
				if lost := dead.sound(); lost > max(before.sound(), after.sound()) {
					t.Errorf("killed at %d, %q: %d bytes are lost", n, step, lost)
				}
				if got := dead.contents(); got != was && got != after.contents() {
					t.Errorf("killed at %d, %q: %s\nwant %s\nor   %s", n, step, got, was, after.contents())
				}
				c.act(dead)
				dead.put(20, 700, 7)
				dead.sound()
				if dead.slab().Trash != 0 || len(dead.extents)-len(after.extents) > 1 {
					t.Errorf("killed at %d, %q: a large cell is left", n, step)
				}
			}
		})
	}
}

func prepared(t *testing.T) *heap {
	h := newHeap(t, 1<<20)
	for i, n := range []uint64{30, 60, 30, 5000, 2000} {
		if err := h.put(i, n, byte(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	h.drop(2)
	return h
}

func killed(h *heap, n int, act func(*heap)) (left *heap, step string) {
	defer failpoint.Disarm()
	defer func() {
		if r := recover(); r != nil && left == nil {
			panic(fmt.Sprint(r))
		}
	}()
	failpoint.Arm(n, func(at string) {
		left, step = h.copied(), at
		panic("killed")
	})
	act(h)
	return nil, ""
}

// copied is the memory as it is, entered by another.
func (h *heap) copied() *heap {
	c := &heap{t: h.t, words: append([]uint64(nil), h.words...), next: h.next, extents: maps.Clone(h.extents), drafts: maps.Clone(h.drafts), limit: h.limit}
	c.enter(2)
	return c
}
