package inspect

import (
	"unsafe"

	"github.com/multiproc/mp/internal/slab"
)

// wordsAt are those of a cell.
func wordsAt(u *slab.User, at uint64) []uint64 {
	b := u.Bytes(at)
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}
