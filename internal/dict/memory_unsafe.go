package dict

import (
	"fmt"
	"unsafe"

	"github.com/multiproc/mp/internal/slab"
)

const (
	headSize  = uint64(unsafe.Sizeof(Dict{}))
	shardSize = uint64(unsafe.Sizeof(Shard{}))
	cellSize  = uint64(unsafe.Sizeof(slab.Cell{})) // the head of a cell
	_         = 0 - (unsafe.Sizeof(Dict{})|unsafe.Sizeof(Shard{}))%64
)

// Memory is how many bytes a dict of so many shards takes.
func Memory(shards int) uint64 { return headSize + uint64(shards)*shardSize }

// All are the shards of a dict that lies in so many bytes.
func (d *Dict) All(size uint64) []Shard {
	n := d.Shards
	if n == 0 || n > MaxShards || n&(n-1) != 0 || Memory(int(n)) > size {
		panic(fmt.Sprintf("mp: corrupt arena: a dict of %d shards in %d bytes", n, size))
	}
	return unsafe.Slice((*Shard)(unsafe.Add(unsafe.Pointer(d), headSize)), n)
}

// wordsOf are those of a cell's content, the last one rounded up: cells are of whole words.
func wordsOf(b []byte) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), (len(b)+7)/8)
}

// indexOf is which of the words slot is.
func indexOf(table []uint64, slot *uint64) uint64 {
	return uint64(uintptr(unsafe.Pointer(slot))-uintptr(unsafe.Pointer(unsafe.SliceData(table)))) / 8
}
