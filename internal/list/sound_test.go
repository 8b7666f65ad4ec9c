package list

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// classSize is the bytes of a cell of a class: four a doubling, from 32 on.
func classSize(class uint64) uint64 {
	size := uint64(32)
	for range (class + 3) / 4 * 4 / 4 {
		size *= 2
	}
	if class == 0 {
		return 32
	}
	half := size / 2
	return half + half/4*((class-1)%4+1)
}

// rank puts the end of a chunk before the beginning of the next.
func rank(p piece) int { return slices.Index([]string{"end", "begin"}, p.what) & 3 }

type piece struct {
	at, size uint64
	what     string
}

// pieces are all cells that the list has in use.
func (h *heap) cells() []piece {
	l, u := h.list(), h.user
	var all []piece
	add := func(at uint64, what string) {
		c := u.Cell(at)
		size := uint64(0)
		if c.Head&0xFF != 0xFF {
			size = classSize(c.Head & 0xFF)
		}
		all = append(all, piece{at, size, what})
	}
	if l.Table != 0 {
		add(l.Table, "table")
	}
	if l.Spare != 0 {
		add(l.Spare, "spare")
	}
	t := l.table(u)
	for k := range l.Leaves {
		add(t.leaves[k].At, "leaf")
		s := spot{table: t, k: k}
		for _, w := range s.elements(u) {
			if l.Width == 0 {
				add(w, "element")
			}
		}
	}
	for at := l.Loose; at != 0; at = u.Cell(at).Next {
		add(at, "loose")
	}
	return all
}

// sound looks at the list, for cells that overlap, and for bytes of chunks that are none: but for the end of a chunk, where
// no cell was of use.
func (h *heap) sound() {
	h.t.Helper()
	l, u := h.list(), h.user
	if fault := l.Slab.Check(); fault != "" {
		h.t.Error(fault)
	}
	h.index()
	all, owned, total := h.cells(), map[uint64]bool{}, uint64(0)
	for at := l.Slab.Trash; at != 0; at = u.Cell(at).Next {
		owned[at] = true
	}
	for _, p := range all {
		if p.size == 0 {
			if h.extents[p.at] == 0 || owned[p.at] {
				h.t.Errorf("%s at %#x has no extent, or somebody else's", p.what, p.at)
			}
			owned[p.at] = true
		}
	}
	all = slices.DeleteFunc(all, func(p piece) bool { return p.size == 0 }) // an extent has nothing beside it
	for class := range l.Slab.Free {
		for at := l.Slab.Free[class]; at != 0; at = u.Cell(at).Next {
			all = append(all, piece{at, classSize(uint64(class)), "free"})
		}
	}
	if l.Slab.End > l.Slab.Fresh {
		all = append(all, piece{l.Slab.Fresh, l.Slab.End - l.Slab.Fresh, "fresh"})
	}
	for at, n := range h.extents {
		if !owned[at] {
			all, total = append(all, piece{at, 0, "begin"}, piece{at + n, 0, "end"}), total+n
		}
	}
	if total != l.Slab.Total {
		h.t.Errorf("chunks of %d bytes, and %d counted", total, l.Slab.Total)
	}
	slices.SortFunc(all, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.at, b.at), rank(a)-rank(b), cmp.Compare(a.size, b.size))
	})
	for i := 1; i < len(all); i++ {
		before, p := all[i-1], all[i]
		if end := before.at + before.size; end > p.at || end < p.at && before.what != "end" && p.what != "end" {
			h.t.Fatalf("%s at %#x has %d bytes, and %s is at %#x", before.what, before.at, before.size, p.what, p.at)
		}
	}
}

// index looks at sums and windows.
func (h *heap) index() {
	h.t.Helper()
	l, u := h.list(), h.user
	t, n := l.table(u), uint64(0)
	for g := uint64(0); g*Group < l.Leaves; g++ {
		sum := uint64(0)
		for k := g * Group; k < min(l.Leaves, g*Group+Group); k++ {
			s := spot{table: t, k: k}
			if w := s.words(u); len(words(u, l.Spare)) != len(w) || len(w) < mostWords && l.Leaves > 1 {
				h.t.Errorf("leaf %d of %d: %d words, and a spare of %d", k, l.Leaves, len(w), len(words(u, l.Spare)))
			}
			sum += s.leaf().count()
		}
		if t.sums[g] != sum {
			h.t.Fatalf("sum %d is %d, and the leaves have %d", g, t.sums[g], sum)
		}
		n += sum
	}
	if n != l.Len {
		h.t.Fatalf("%d elements in the leaves of %d", n, l.Len)
	}
}

// contents is what others see.
func (h *heap) contents() string {
	var e Elements
	h.list().Copy(h.user, 0, 1<<40, &e)
	return e.text()
}

func (e *Elements) text() string {
	s := make([]byte, 0, 8*(len(e.Words)+len(e.Ends)))
	for _, w := range e.Words {
		s = append(strconv.AppendUint(s, w, 10), ' ')
	}
	for i := range e.Ends {
		if b := e.At(i); len(b) < 20 {
			s = append(hex.AppendEncode(s, b), ' ')
		} else {
			s = fmt.Appendf(s, "%x…%x×%d ", b[:8], b[len(b)-1:], len(b))
		}
	}
	return string(s)
}
