package slab

import "unsafe"

// The head of a cell, and of a slab, are what the layout says.
const (
	_ = uint(cellSize-unsafe.Sizeof(Cell{})) + uint(unsafe.Sizeof(Cell{})-cellSize)
	_ = 0 - unsafe.Sizeof(Slab{})%64
)

// Cell is the head of the cell at this place.
func (u *User) Cell(at uint64) *Cell { return (*Cell)(unsafe.Pointer(u.Memory.Word(at))) }

// Bytes are what is in the cell at this place.
func (u *User) Bytes(at uint64) []byte { return u.Memory.Bytes(at+cellSize, u.Cell(at).Len()) }
