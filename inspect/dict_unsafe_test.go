package inspect

import (
	"unsafe"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/dict"
)

// tableOf is the words of a shard's table.
func tableOf(a *arena.Arena, s *dict.Shard) []uint64 {
	b := a.SlabUser(nil).Bytes(s.Table)
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}
