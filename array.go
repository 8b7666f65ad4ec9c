package mp

import (
	"fmt"
	"iter"
	"math/bits"
	"reflect"
	"runtime"
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// Array is a fixed number of T in shared memory. T is plain data without pointers, as of [Value]. It does not grow: what
// other processes have of it is where it lies.
//
// It is made by [NewArray] or [NewArrayOf]; the handle travels as an argument and must not be copied. All methods may
// be called by any goroutine of any process of the family; a change synchronizes before every method that sees it. An index
// out of range panics as a slice's does.
//
// Each element changes whole or not at all by Set and Update, also when the process that does it is killed in the middle, and
// nobody sees a part of a change. Elements of 1, 2, 4 or 8 bytes are words: At and Set of one are one instruction (a few ns;
// under 4 bytes, Set is a compare-and-swap of the 4 around it), and wait for nobody. Others are written twice, under the
// array's lock, and read without it as long as nobody changes the array.
//
// With gives all elements as a slice, under the lock: to sort them, or to change several that belong together. A process that
// dies in it, by a kill, a crash or a plain exit, leaves the array abandoned, as a [Lock]: whoever wants the lock is
// told by *OwnerDiedError, until one calls Recover; so is who reads an element that is no word, as it may be torn. At and Set
// of words go on. With the option [Release] a death frees the array instead.
//
// For memory that nothing guards, see [RawArray]; for text in an array of bytes, [Text].
type Array[T any] struct {
	noCopy   noCopy
	state    *arena.ArrayState
	elements []T
	slip     *T     // of elements that are no words: where the new one is written first
	me       uint32 // as the holder of the lock while it changes an element
	section  uint32 // and in With
	*hold

	scratch T // what Update's f works on, of words: guarded by the lock, and here so as not to be allocated each time
}

// NewArray makes a shared array of n elements, all zero. It panics if T is not plain data, naming the field that is
// not; if n is negative; as make does, if the arena is full; and before Main. Its memory is reserved, about 0.2 ms
// for each MiB: touching it cannot fail later, unless it is [Sparse].
func NewArray[T any](n int, opts ...Option) *Array[T] {
	return must(makeArray[T]("NewArray", n, nil, opts))
}

// NewArrayOf is NewArray with the elements of a slice, which are copied.
func NewArrayOf[T any](elements []T, opts ...Option) *Array[T] {
	return must(makeArray("NewArrayOf", len(elements), elements, opts))
}

func must[H any](h H, err error) H {
	if err != nil {
		panic(err)
	}
	return h
}

func makeArray[T any](what string, n int, from []T, opts []Option) (*Array[T], error) {
	s := settle(opts)
	state := arena.ArrayState{Len: uint64(n), Element: sizeOf[T]()}
	first, _ := state.Elements()
	h, err := newElements[T](what, n, first, s, arena.ObjectSpec{
		Kind: arena.KindArray,
		Init: func(o *arena.Object) {
			p := arena.PayloadOf[arena.ArrayState](o)
			p.Len, p.Element = state.Len, state.Element
			p.Policy.Store(s.policy)
			at, size := p.Elements()
			bulk.CopyOf(elements[T](arena.PayloadBytes(o, at, size), p.Len), from)
		},
	})
	if err != nil {
		return nil, err
	}
	a := new(Array[T])
	a.attach(h)
	return a, nil
}

// newElements makes an object of n Ts behind a head.
func newElements[T any](what string, n int, head uint64, s settings, spec arena.ObjectSpec) (*hold, error) {
	t := mustPlain[T]()
	if n < 0 {
		panic(fmt.Sprintf("mp: %s: %d elements", what, n))
	}
	a, err := family(what)
	if err != nil {
		return nil, err
	}
	over, size := bits.Mul64(uint64(n), sizeOf[T]())
	size, carry := bits.Add64(size, head, 0)
	if over+carry != 0 {
		size = 1<<64 - 1 // which no arena has
	}
	spec.Name, spec.Type, spec.Fingerprint, spec.Size = s.name, describe(t), fingerprint(t), size
	if s.sparse {
		spec.Flags, spec.Reserve = arena.FlagSparse, head
	}
	return a.create(spec)
}

func (a *Array[T]) attach(h *hold) {
	a.hold = h
	a.state = arena.PayloadOf[arena.ArrayState](h.object)
	at, size := a.state.Elements()
	a.elements = elements[T](arena.PayloadBytes(h.object, at, size), a.state.Len)
	if !isWord[T]() {
		a.slip = view[T](arena.PayloadBytes(h.object, arrayStateSize, sizeOf[T]()))
	}
	a.me = prim.Holder(h.arena.in.Me(), false)
	a.section = prim.Holder(h.arena.in.Me(), a.state.Policy.Load() == arena.PolicyAbandon)
	collect(a, h)
}

// Len is the number of elements. It never changes.
func (a *Array[T]) Len() int { return len(a.elements) }

// At returns element i, never a torn one. If elements are no words and the array is abandoned, it panics with *OwnerDiedError.
func (a *Array[T]) At(i int) (x T) {
	switch {
	case sizeOf[T]() == 8: // is loadElement, which would be a call
		x = fromWord[T](atomic.LoadUint64(word64(&a.elements[i])))
		runtime.KeepAlive(a)
	case isWord[T]():
		x = fromWord[T](loadElement(&a.elements[i]))
		runtime.KeepAlive(a)
	default:
		x = a.readLarge(&a.elements[i])
	}
	if race.Enabled {
		a.shadow.Acquire()
	}
	return x
}

// readLarge copies without the lock as long as nobody changes anything meanwhile; the lock bounds the tries.
func (a *Array[T]) readLarge(p *T) (x T) {
	for range 8 {
		if seq, ok := a.state.Array.Whole(); ok {
			if x = *p; !overtaken(&a.state.Array.Seq, seq) {
				runtime.KeepAlive(a)
				return x
			}
		}
	}
	a.lock()
	defer a.unlock(a.me)
	return *p
}

// All yields each element as At does, in order. The array may change meanwhile; nothing is locked.
func (a *Array[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i := range a.elements {
			if !yield(i, a.At(i)) {
				return
			}
		}
	}
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (a *Array[T]) MarshalBinary() ([]byte, error) { return a.marshal(arena.KindArray) }

// UnmarshalBinary makes a a handle of the array that another process's MarshalBinary named. It is an error
// that names both if its elements are of another type.
func (a *Array[T]) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindArray, reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	a.attach(h)
	return nil
}
