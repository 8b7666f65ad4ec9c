package mp

import (
	"reflect"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/bulk"
)

// RawArray is a fixed number of T in shared memory that nothing guards: no lock, no whole changes, no order. T is plain data
// as of [Value]. What two processes do to an element at the same time is torn and lost as the processor likes; a Lock
// or a Semaphore beside it, or a single writer, is the user's business. A killed writer leaves it half written.
//
// It is made by [NewRawArray] or [NewRawArrayOf]; the handle travels as an argument and must not be copied. The race detector
// does not see shared memory: it finds no races in it.
type RawArray[T any] struct {
	noCopy   noCopy
	elements []T
	*hold
}

// NewRawArray makes a shared array of n elements, all zero. It panics as NewArray does, and costs the same.
func NewRawArray[T any](n int, opts ...Option) *RawArray[T] {
	return must(makeRawArray[T]("NewRawArray", n, nil, opts))
}

// NewRawArrayOf is NewRawArray with the elements of a slice, which are copied.
func NewRawArrayOf[T any](elements []T, opts ...Option) *RawArray[T] {
	return must(makeRawArray("NewRawArrayOf", len(elements), elements, opts))
}

func makeRawArray[T any](what string, n int, from []T, opts []Option) (*RawArray[T], error) {
	h, err := newElements[T](what, n, rawArrayStateSize, settle(opts), arena.ObjectSpec{
		Kind: arena.KindRawArray,
		Init: func(o *arena.Object) {
			p := arena.PayloadOf[arena.RawArrayState](o)
			p.Len, p.Element = uint64(n), sizeOf[T]()
			bulk.CopyOf(elements[T](arena.PayloadBytes(o, rawArrayStateSize, p.Len*p.Element), p.Len), from)
		},
	})
	if err != nil {
		return nil, err
	}
	a := new(RawArray[T])
	a.attach(h)
	return a, nil
}

func (a *RawArray[T]) attach(h *hold) {
	a.hold = h
	n := arena.PayloadOf[arena.RawArrayState](h.object).Len
	a.elements = elements[T](arena.PayloadBytes(h.object, rawArrayStateSize, n*sizeOf[T]()), n)
	collect(a, h)
}

// Slice is the memory itself: an ordinary slice to read, write, sort and range over; append copies it away. What is written
// there the others see, when and as torn as the processor likes. It is good as long as a is held: keep a as
// long as the slice, by runtime.KeepAlive if nothing else does.
func (a *RawArray[T]) Slice() []T { return a.elements[:len(a.elements):len(a.elements)] }

// Len is the number of elements. It never changes.
func (a *RawArray[T]) Len() int { return len(a.elements) }

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (a *RawArray[T]) MarshalBinary() ([]byte, error) { return a.marshal(arena.KindRawArray) }

// UnmarshalBinary makes a a handle of the array that another process's MarshalBinary named. It is an error
// that names both if its elements are of another type.
func (a *RawArray[T]) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindRawArray, reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	a.attach(h)
	return nil
}
