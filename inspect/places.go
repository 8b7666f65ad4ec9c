package inspect

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/multiproc/mp/internal/arena"
)

// places tells what a word of the arena belongs to.
type places struct {
	heapLock arena.Offset
	extents  []extent
}

type extent struct {
	from, to     arena.Offset
	handle, name string
}

func (m *places) add(from, size arena.Offset, o *Object) {
	m.extents = append(m.extents, extent{from, from + size, o.Handle(), o.String()})
}

// sort makes the places ready for find.
func (m *places) sort() {
	slices.SortFunc(m.extents, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
}

func (m *places) find(word arena.Offset) (handle, name string) {
	if word == m.heapLock {
		return "", "heap lock"
	}
	i, exact := slices.BinarySearchFunc(m.extents, word, func(e extent, at arena.Offset) int { return cmp.Compare(e.from, at) })
	if !exact {
		i--
	}
	if i >= 0 && word < m.extents[i].to {
		return m.extents[i].handle, m.extents[i].name
	}
	return "", fmt.Sprintf("offset %#x", uint64(word))
}
