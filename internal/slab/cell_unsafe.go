package slab

import (
	"fmt"
	"unsafe"
)

// The head of a cell, and of a slab, are what the layout says.
const (
	_ = uint(cellSize-unsafe.Sizeof(Cell{})) + uint(unsafe.Sizeof(Cell{})-cellSize)
	_ = 0 - unsafe.Sizeof(Slab{})%64
)

// Cell is the head of the cell at this place.
func (u *User) Cell(at uint64) *Cell { return (*Cell)(unsafe.Pointer(u.Memory.Word(at))) }

// Bytes are what is in the cell at this place.
func (u *User) Bytes(at uint64) []byte { return u.bytes(at, u.Cell(at).Len()) }

func (u *User) bytes(at, n uint64) []byte {
	if n == 0 {
		return nil
	}
	end := at + cellSize + n
	if end < n {
		panic(fmt.Sprintf("mp: corrupt arena: a cell of %d bytes at %#x", n, at))
	}
	u.Memory.Word((end - 1) &^ 7) // it lies in the memory
	return unsafe.Slice((*byte)(unsafe.Pointer(u.Memory.Word(at+cellSize))), n)
}
