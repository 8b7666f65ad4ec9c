package pod

import "unsafe"

// Bytes returns the memory of *p: the same bytes, not a copy, valid as long as *p is. T must be plain data (Check), or the
// garbage collector would lose sight of what is written through the result. Padding between fields is part of it.
func Bytes[T any](p *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p))
}

// SliceBytes returns the memory of the elements of s: the same bytes, not a copy. T must be plain data (Check). It is nil
// for a nil slice.
func SliceBytes[T any](s []T) []byte {
	var element T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), uintptr(len(s))*unsafe.Sizeof(element))
}
