package codec

import (
	"reflect"

	"github.com/multiproc/mp/internal/pod"
)

// Keys encodes values of T so that those which are == have the same bytes, with two exceptions: all NaNs are one, and what
// writes itself is compared by what it writes. Other types than those of a map's keys are not told apart reliably.
type Keys[T any] struct {
	plan  *plan
	canon pod.Canonical
}

// KeysOf looks at the type once.
func KeysOf[T any]() Keys[T] {
	t := reflect.TypeFor[T]()
	return Keys[T]{planOf(t), pod.CanonicalOf(t)}
}

// Memory is the bytes of *v as Append would write them, if they lie there already, which makes *v what its equals are. Otherwise
// it tells that they do not.
func (k *Keys[T]) Memory(v *T) (_ []byte, ok bool) {
	switch k.plan.form {
	case formRaw:
		pod.Canonicalize(k.canon, v)
		return pod.Bytes(v), true
	case formString:
		return stringBytes(asString(v)), true
	default:
		return nil, false
	}
}

// Raw tells whether the memory of any T, as it lies there, is its encoding, and any bytes of that length are a T.
func Raw[T any]() bool {
	p := planOf(reflect.TypeFor[T]())
	return p.form == formRaw && !p.bools
}

// Append is like the function Append, and Decode reads what it writes.
func (k *Keys[T]) Append(b []byte, v T) ([]byte, error) {
	if m, ok := k.Memory(&v); ok { // of v itself: no copy of it needs to have its gaps
		return append(b, m...), nil
	}
	return k.appendWalked(b, v)
}

//go:noinline
func (k *Keys[T]) appendWalked(b []byte, v T) ([]byte, error) {
	if k.plan.err != nil {
		return nil, k.plan.err
	}
	pod.Canonicalize(k.canon, &v)
	out, err := k.plan.root.append(b, reflect.ValueOf(&v).Elem(), 0)
	if err != nil {
		return nil, valueError(k.plan.typ, err)
	}
	return out, nil
}
