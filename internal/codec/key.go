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

// Append is like the function Append, and Decode reads what it writes.
func (k *Keys[T]) Append(b []byte, v T) ([]byte, error) {
	switch k.plan.form {
	case formRaw:
		pod.Canonicalize(k.canon, &v) // here, as no copy of v needs to have its gaps
		return append(b, pod.Bytes(&v)...), nil
	case formString:
		return append(b, *asString(&v)...), nil
	default:
		return k.appendWalked(b, v)
	}
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
