package arena

import (
	"structs"
	"sync/atomic"
	"unsafe"
)

// Object is the header of a shared object. Its payload follows it, on a cache line of its own. Everything up
// to Type is written once, before the object is in the directory; what follows about a death is written
// by the sweep, before the object's own words tell of it; Holders changes under the heap lock.
type Object struct {
	_           structs.HostLayout
	Kind        Kind
	Flags       uint32 // FlagTraced, FlagDetect
	Fingerprint uint64 // of the type of what it holds
	Index       uint32 // in the directory
	Generation  uint32
	Size        uint64 // of the payload, in bytes, as asked for
	Created     int64  // Unix time, ns
	Creator     uint32 // id of the process that made it
	_           uint32
	Name        [40]byte // UTF-8, ends at the first zero
	Type        [72]byte

	Died      atomic.Uint64 // id of the last process that died with the object in hand, or left it torn, and how often that was: see torn.go
	DiedAt    int64         // Unix time, ns
	DiedStart uint64
	DiedName  [32]byte
	DiedPID   uint32
	_         uint32

	Extents uint64 // Offset of the first further block; 0 = none. See extent.go
	Leaving uint64 // Offset of a run that was one, on its way to the free ones
	_       [16]byte

	Holders [Slots / 64]atomic.Uint64 // a bit a process that holds a handle; the object is freed with the last
}

// Extent is the head of a further block of an object. What follows is the owner's.
type Extent struct {
	_          structs.HostLayout
	Next, Prev uint64 // in the object's list: Offsets of heads, 0 = none
	Size       uint64 // of what follows, as asked for, in bytes
	_          [40]byte
}

// headerSize is fixed: a multiple of the cache line.
const (
	headerSize = 384
	extentSize = 64
	_          = uint(extentSize-unsafe.Sizeof(Extent{})) + uint(unsafe.Sizeof(Extent{})-extentSize)
	_          = uint(headerSize-unsafe.Sizeof(Object{})) + uint(unsafe.Sizeof(Object{})-headerSize)
	_          = uint(256-unsafe.Offsetof(Object{}.Holders)) + uint(unsafe.Offsetof(Object{}.Holders)-256)
)

// offsetOf is where an object lies.
func (a *Arena) offsetOf(o *Object) Offset { return a.offset((*uint64)(unsafe.Pointer(o))) }
