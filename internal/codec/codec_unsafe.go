package codec

import (
	"reflect"
	"unsafe"

	"github.com/multiproc/mp/internal/bulk"
)

// sliceHeader is a slice as the runtime sees it. Package reflect's is deprecated for having no pointer in it.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// elements returns the memory of the elements of *s, which is a slice of plain elements of the given size.
func elements[T any](s *T, size uintptr) []byte {
	h := (*sliceHeader)(unsafe.Pointer(s))
	return unsafe.Slice((*byte)(h.data), uintptr(h.len)*size)
}

// setElements makes *s, which is a slice of plain elements, a copy of b; nil if b is empty. The elements are allocated as
// bytes: they hold no pointers, and the allocator aligns a block of n·size bytes for whatever has that size.
func setElements[T any](s *T, b []byte, size uintptr) {
	if len(b) == 0 {
		return
	}
	block := bulk.Clone(b)
	n := len(b) / int(size)
	*(*sliceHeader)(unsafe.Pointer(s)) = sliceHeader{unsafe.Pointer(unsafe.SliceData(block)), n, n}
}

// asString sees *s, whose kind is string, as one.
func asString[T any](s *T) *string { return (*string)(unsafe.Pointer(s)) }

// stringBytes returns the bytes of *s, which nobody may change.
func stringBytes(s *string) []byte { return unsafe.Slice(unsafe.StringData(*s), len(*s)) }

// memory returns the bytes of v, which is addressable plain data.
func memory(v reflect.Value) []byte {
	return unsafe.Slice((*byte)(v.Addr().UnsafePointer()), v.Type().Size())
}

// sliceMemory returns the bytes of the elements of the slice v, which are plain data.
func sliceMemory(v reflect.Value) []byte {
	return unsafe.Slice((*byte)(v.UnsafePointer()), uintptr(v.Len())*v.Type().Elem().Size())
}

// typeAddress is a number that t alone has, as long as t is reachable: the address of its description. It saves the hash
// and the comparison of interfaces. It holds as long as package reflect has one implementation of Type, a pointer.
func typeAddress(t reflect.Type) uintptr {
	type iface struct{ methods, value uintptr }
	return (*iface)(unsafe.Pointer(&t)).value
}
