package codec

import (
	"reflect"
	"unsafe"

	"github.com/multiproc/mp/internal/pod"
)

// View returns the encoding of *v where it lies, if it lies somewhere: *v is plain data, a slice of such, or a string.
// The bytes are v's own: they are to be read before it changes, and not to be written.
func View[T any](v *T) (b []byte, ok bool) {
	switch p := planOf(reflect.TypeFor[T]()); p.form {
	case formRaw:
		return pod.Bytes(v), true
	case formElements:
		return elements(v, p.size), true
	case formString:
		s := *asString(v)
		return unsafe.Slice(unsafe.StringData(s), len(s)), true
	default:
		return nil, false
	}
}

// Owned is whether Own keeps what it is given.
func Owned[T any]() bool {
	form := planOf(reflect.TypeFor[T]()).form
	return form == formElements || form == formString
}

// Own is Decode for whoever gives b away: the result may lie in it. b begins a block of memory.
func Own[T any](b []byte) (T, error) {
	p := planOf(reflect.TypeFor[T]())
	switch {
	case len(b) == 0:
	case p.form == formString:
		var v T
		*asString(&v) = unsafe.String(unsafe.SliceData(b), len(b))
		return v, nil
	case p.form == formElements && uintptr(len(b))%p.size == 0 && !p.bools:
		var v T
		n := len(b) / int(p.size)
		*(*sliceHeader)(unsafe.Pointer(&v)) = sliceHeader{unsafe.Pointer(unsafe.SliceData(b)), n, n}
		return v, nil
	}
	return Decode[T](b)
}
