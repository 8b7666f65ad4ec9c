package pod

import "unsafe"

// Bytes returns the memory of *p: the same bytes, not a copy, valid as long as *p is. T must be plain data (Check), or the
// garbage collector would lose sight of what is written through the result. Padding between fields is part of it.
func Bytes[T any](p *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p))
}
