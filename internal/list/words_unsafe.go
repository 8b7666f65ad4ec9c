package list

import (
	"unsafe"

	"github.com/multiproc/mp/internal/slab"
)

const (
	_ = uint(16-unsafe.Sizeof(Leaf{})) + uint(unsafe.Sizeof(Leaf{})-16)
	_ = 0 - unsafe.Sizeof(List{})%64
)

// words are those in the cell at this place.
func words(u *slab.User, at uint64) []uint64 {
	b := u.Bytes(at)
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}

// viewTable divides the words of a table.
func viewTable(w []uint64) table {
	leaves := uint64(len(w)) / tableWords(Group) * Group
	if leaves == 0 {
		return table{}
	}
	sums := w[:leaves/Group]
	first := (*Leaf)(unsafe.Pointer(&w[leaves/Group]))
	return table{sums, unsafe.Slice(first, leaves)}
}
