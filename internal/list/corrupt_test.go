package list

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A list into which something else has written, and all calls of it: each does what it can, or panics with a
// sentence, and gives the lock back. None faults, and none goes on for ever.
func TestWrittenOver(t *testing.T) {
	for _, width := range []uint64{0, 8} {
		for seed := range uint64(60) {
			r := rand.New(rand.NewPCG(seed, width))
			m := &model{heap: newHeap(t, 1<<20, width)}
			m.insert(0, 900, 9)
			l, u := m.list(), m.user
			table, first := words(u, l.Table), uint64(0)
			for first == 0 {
				first = words(u, table[1])[r.IntN(mostWords)]
			}
			spots := []*uint64{
				&l.Table, &l.Leaves, &l.Len, &l.Spare, &l.Loose, &table[r.IntN(8)], &table[1], &table[2],
				&words(u, table[1])[r.IntN(mostWords)], &u.Cell(table[1]).Head, &u.Cell(l.Table).Head, &u.Cell(l.Spare).Head, &l.Slab.Trash,
				&l.Slab.Free[r.IntN(len(l.Slab.Free))],
			}
			values := []uint64{0, 1, 8, r.Uint64(), 1 << 40, table[1], l.Table, first, l.Len - 1, 7<<32 | 900, 1 << 63, ^uint64(0)}
			*spots[int(seed)%len(spots)] = values[r.IntN(len(values))]
			for _, call := range []func(){
				func() { _, _ = l.Word(u, 3) },
				func() { l.Copy(u, 0, 1000, new(Elements)) },
				func() { _ = l.Insert(u, 1, m.elements(m.element(3))) },
				func() { _ = l.Append(u, m.elements(m.element(3), m.element(3000))) },
				func() { _ = l.Pop(u, 2, new(Elements)) },
				func() { _ = l.Set(u, 400, m.elements(m.element(3))) },
				func() { _ = l.Reverse(u) },
				func() { l.Clear(u) },
			} {
				told(t, call)
				if id, _ := l.Slab.Lock.HeldBy(); id != 0 {
					t.Fatalf("seed %d: the lock is held", seed)
				}
			}
		}
	}
}

func told(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil && !strings.HasPrefix(fmt.Sprint(r), "mp: ") {
			panic(r)
		}
	}()
	f()
}
