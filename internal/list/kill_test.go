//go:build mpfail

package list

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/failpoint"
)

// alteration is what a process is killed in.
type alteration func(*model)

// TestKilledAnywhere copies the memory at each step of a change: that is all that a death leaves. The survivor finds the
// list as it was before or after, no cell lost, and can go on.
func TestKilledAnywhere(t *testing.T) {
	insert := func(i, n int, size uint64) alteration { return func(m *model) { m.insert(i, n, size) } }
	has := func(n int) alteration { return insert(0, n, 9) }
	pop := func(i, n int) alteration {
		return func(m *model) {
			for range n {
				m.pop(i)
			}
		}
	}
	then := func(all ...alteration) alteration {
		return func(m *model) {
			for _, f := range all {
				f(m)
			}
		}
	}
	const manyLeaves = mostWords*(Group+1) + 5
	for _, c := range []struct {
		name   string
		before alteration
		act    alteration
	}{
		{"append to nothing", has(0), insert(0, 1, 8)},
		{"append", has(5), insert(5, 1, 8)},
		{"append what is large", has(5), insert(5, 1, 5000)},
		{"append, and grow", has(14), insert(14, 1, 8)},
		{"append, and a leaf", has(mostWords), insert(mostWords, 1, 8)},
		{"append some", has(5), insert(5, 4, 8)},
		{"append some large ones", has(5), insert(5, 2, 4000)},
		{"append many", has(5), insert(5, 500, 0)},
		{"append to a group", has(manyLeaves), insert(manyLeaves, 2*mostWords, 0)},
		{"append over the end of a group", has(mostWords * (Group - 1)), insert(mostWords*(Group-1), 3*mostWords, 0)},
		{"append another group", has(mostWords * Group), insert(mostWords*Group, 3, 0)},
		{"insert first", has(5), insert(0, 1, 8)},
		{"insert between", has(5), insert(2, 1, 8)},
		{"insert, and grow", has(14), insert(2, 1, 8)},
		{"insert, and split", has(mostWords + 3), insert(2, 1, 8)},
		{"insert amid groups", has(manyLeaves), insert(2, 1, 8)},
		{"insert many", has(40), insert(7, 800, 0)},
		{"pop last", has(5), pop(4, 1)},
		{"pop the only", has(1), pop(0, 1)},
		{"pop first", has(5), pop(0, 1)},
		{"pop between", has(5), pop(2, 1)},
		{"pop the last leaf", has(mostWords + 1), pop(mostWords, 1)},
		{"pop a leaf amid others", then(has(3*mostWords), pop(mostWords, mostWords-1)), pop(mostWords, 1)},
		{"pop and merge", then(has(2*mostWords), pop(9, mostWords-1), pop(9, mostWords/2)), pop(3, 1)},
		{"set", has(5), func(m *model) { m.set(3, 8) }},
		{"set to what is large", has(5), func(m *model) { m.set(3, 4000) }},
		{"sort", has(40), func(m *model) { m.reorder(rand.New(rand.NewPCG(1, 1)), false) }},
		{"sort many", has(2 * mostWords), func(m *model) { m.reorder(rand.New(rand.NewPCG(1, 1)), false) }},
		{"drop some", has(2 * mostWords), func(m *model) { m.reorder(rand.New(rand.NewPCG(1, 1)), true) }},
		{"reverse", has(20), func(m *model) { _ = m.list().Reverse(m.user); slices.Reverse(m.want) }},
		{"clear", has(50), func(m *model) { m.list().Clear(m.user); m.want = nil }},
		{"clear leaves", has(mostWords * 2), func(m *model) { m.list().Clear(m.user); m.want = nil }},
	} {
		for _, width := range []uint64{0, 8} {
			if width == 0 && strings.Contains(c.name, "group") {
				continue // so many cells take long
			}
			t.Run(fmt.Sprintf("%s, width %d", c.name, width), func(t *testing.T) {
				m := &model{heap: newHeap(t, 1<<20, width)}
				c.before(m)
				killedAnywhere(t, m, c.act)
			})
		}
	}
}

// copied is the memory as it is, entered by another.
func (h *heap) copied() *heap {
	c := *h
	c.words = append([]uint64(nil), h.words...)
	c.extents, c.drafts, c.free = maps.Clone(h.extents), maps.Clone(h.drafts), maps.Clone(h.free)
	c.enter(2)
	return &c
}

func (m *model) copied() *model {
	c := &model{heap: m.heap.copied(), want: slices.Clone(m.want), next: m.next}
	c.enter(1)
	return c
}

func killedAnywhere(t *testing.T, before *model, act alteration) {
	after := before.copied()
	was := before.contents()
	act(after)
	will := after.contents()
	after.sound()
	for n := 1; ; n += 1 + n/10 {
		dead, step := killed(before.copied(), n, act)
		if dead == nil {
			if n < 3 {
				t.Errorf("only %d steps", n-1)
			}
			return
		}
		l := dead.list()
		l.Slab.Died(1, dead.user.Memory, dead.user.Parker)
		dead.sound()
		if got := dead.contents(); got != was && got != will { // which tidies, too
			t.Fatalf("killed at %d, %q: %.300s\nwant %.300s\nor   %.300s", n, step, got, was, will)
		}
		if l.Loose != 0 || l.Slab.Trash != 0 {
			t.Errorf("killed at %d, %q: something is left loose", n, step)
		}
		dead.sound()
		goesOn(t, dead)
	}
}

// goesOn changes what is left in every way.
func goesOn(t *testing.T, dead *heap) {
	t.Helper()
	m := &model{heap: dead, next: 1 << 20}
	var e Elements
	m.list().Copy(m.user, 0, 1<<40, &e)
	for i := range e.Ends {
		m.want = append(m.want, append([]byte(nil), e.At(i)...))
	}
	for _, w := range e.Words {
		b := make([]byte, 8)
		for i := range b {
			b[i] = byte(w >> (8 * i))
		}
		m.want = append(m.want, b)
	}
	m.insert(len(m.want), 1, 3)
	m.insert(len(m.want)/2, 1, 30)
	m.set(len(m.want)/3, 7)
	m.insert(0, 20, 1)
	m.pop(7)
	m.check()
	m.sound()
}

func killed(m *model, n int, act alteration) (left *heap, step string) {
	defer failpoint.Disarm()
	defer func() {
		if r := recover(); r != nil && left == nil {
			panic(r)
		}
	}()
	failpoint.Arm(n, func(at string) {
		if left == nil {
			left, step = m.heap.copied(), at
			panic("killed")
		}
	})
	act(m)
	return nil, ""
}
