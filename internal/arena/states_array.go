package arena

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/prim"
)

// ArrayState is the head of the payload of an object of KindArray. Behind it lie the slip, if the elements are not of
// words, and the elements, both 64-byte aligned.
type ArrayState struct {
	_       structs.HostLayout
	Array   prim.Array
	Policy  atomic.Uint32 // as in LockState: what a death in a section does
	_       uint32
	Len     uint64 // elements; written once, before the object is published, as is Element
	Element uint64 // size of one, in bytes
	_       [16]byte
}

// RawArrayState is the head of the payload of an object of KindRawArray; the elements follow it.
type RawArrayState struct {
	_       structs.HostLayout
	Len     uint64 // as in ArrayState, and so is Element
	Element uint64
	_       [48]byte
}

// isWord tells whether an element of the given size changes by one instruction.
func isWord(size uint64) bool { return size <= 8 && size&(size-1) == 0 }

// slipSize is the room of the slip of elements of the given size.
func slipSize(size uint64) uint64 {
	if isWord(size) {
		return 0
	}
	return CopySize(size)
}

// slip and Elements are where they lie in the payload, and how long they are.
func (s *ArrayState) slip() (from, size uint64) { return arrayStateSize, s.Element }

// Elements is behind the slip.
func (s *ArrayState) Elements() (from, size uint64) {
	return arrayStateSize + slipSize(s.Element), s.Len * s.Element
}

// redo makes an element what the slip is.
func (s *ArrayState) redo(o *Object, i uint64) {
	from, size := s.slip()
	first, _ := s.Elements()
	to, slip := PayloadBytes(o, first+i*size, size), PayloadBytes(o, from, size)
	half := copy(to[:size/2], slip)
	failpoint.Hit("array: half redone")
	copy(to[half:], slip[half:])
}

func (s *ArrayState) died(a *Arena, o *Object, slot, id uint32) {
	s.Array.Died(id, a.park, func(i uint64) { s.redo(o, i) }, func() { o.noteDeath(a.Who(slot)) })
}

// engages: an array is locked only while one of its methods runs, which holds a handle.
func (s *ArrayState) engages(uint32, uint32) bool { return false }
