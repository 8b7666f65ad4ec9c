package mp

import (
	"reflect"
	"runtime"

	"github.com/multiproc/mp/internal/arena"
)

// RawValue is a T in shared memory that nothing guards: no lock, no whole changes, no order. T is plain data
// as of [Value]. What two processes do to it at the same time is torn and lost as the processor likes; a
// Lock beside it, or a single writer, is the user's business. A killed writer leaves it half written.
//
// It is made by [NewRawValue]; the handle travels as an argument and must not be copied. The race detector
// does not see shared memory: it finds no races in it.
type RawValue[T any] struct {
	noCopy noCopy
	ptr    *T
	*hold
}

// NewRawValue makes a shared T. It panics as NewValue does.
func NewRawValue[T any](v T, opts ...Option) *RawValue[T] {
	t := mustPlain[T]()
	a, err := family("NewRawValue")
	if err == nil {
		var h *hold
		s := settle(opts)
		h, err = a.create(arena.ObjectSpec{
			Kind: arena.KindRawValue, Name: s.name, Type: describe(t), Fingerprint: fingerprint(t), Size: max(sizeOf[T](), 1),
			Init: func(o *arena.Object) { *arena.PayloadOf[T](o) = v },
		})
		if err == nil {
			made := new(RawValue[T])
			made.attach(h)
			return made
		}
	}
	panic(err)
}

func (v *RawValue[T]) attach(h *hold) {
	v.hold = h
	v.ptr = arena.PayloadOf[T](h.object)
	collect(v, h)
}

// Ptr points into the arena. What is written there the others see, when and as torn as the processor likes.
// The pointer is good as long as v is held: keep v as long as the pointer.
func (v *RawValue[T]) Ptr() *T { return v.ptr }

// Load copies the value out, with plain loads.
func (v *RawValue[T]) Load() T {
	x := *v.ptr
	runtime.KeepAlive(v)
	return x
}

// Store copies x in, with plain stores.
func (v *RawValue[T]) Store(x T) {
	*v.ptr = x
	runtime.KeepAlive(v)
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (v *RawValue[T]) MarshalBinary() ([]byte, error) { return v.marshal(arena.KindRawValue) }

// UnmarshalBinary makes v a handle of the value that another process's MarshalBinary named. It is an error
// that names both if the value is of another type.
func (v *RawValue[T]) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindRawValue, reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	v.attach(h)
	return nil
}
