package mp

import (
	"reflect"

	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/wire"
)

type pair[A, B any] struct {
	a A
	b B
}

type triple[A, B, C any] struct {
	a A
	b B
	c C
}

// packer turns a call's arguments into bytes and back; each argument is encoded by itself, so that plain
// ones go raw beside others that do not.
type packer[T any] interface {
	pack(b []byte, args T) ([]byte, error)
	unpack(b []byte) (T, error)
	check() error
}

type (
	zero               struct{}
	one[A any]         struct{}
	two[A, B any]      struct{}
	three[A, B, C any] struct{}
)

func (zero) pack(b []byte, _ None) ([]byte, error) { return b, nil }
func (zero) unpack([]byte) (None, error)           { return None{}, nil }
func (zero) check() error                          { return nil }

func (one[A]) pack(b []byte, a A) ([]byte, error) { return codec.Append(b, a) }
func (one[A]) unpack(b []byte) (A, error)         { return codec.Decode[A](b) }
func (one[A]) check() error                       { return codec.Check(reflect.TypeFor[A]()) }

func (two[A, B]) pack(b []byte, p pair[A, B]) (_ []byte, err error) {
	if b, err = appendField(b, p.a); err != nil {
		return nil, err
	}
	return codec.Append(b, p.b)
}

func (two[A, B]) unpack(b []byte) (p pair[A, B], err error) {
	f := wire.NewFields(b)
	if p.a, err = decodeField[A](f); err == nil {
		p.b, err = codec.Decode[B](f.Rest())
	}
	return p, err
}

func (two[A, B]) check() error { return checkTypes[A, B, None]() }

func (three[A, B, C]) pack(b []byte, t triple[A, B, C]) (_ []byte, err error) {
	if b, err = appendField(b, t.a); err != nil {
		return nil, err
	}
	if b, err = appendField(b, t.b); err != nil {
		return nil, err
	}
	return codec.Append(b, t.c)
}

func (three[A, B, C]) unpack(b []byte) (t triple[A, B, C], err error) {
	f := wire.NewFields(b)
	if t.a, err = decodeField[A](f); err != nil {
		return t, err
	}
	if t.b, err = decodeField[B](f); err != nil {
		return t, err
	}
	t.c, err = codec.Decode[C](f.Rest())
	return t, err
}

func (three[A, B, C]) check() error { return checkTypes[A, B, C]() }

func checkTypes[A, B, C any]() error {
	for _, t := range []reflect.Type{reflect.TypeFor[A](), reflect.TypeFor[B](), reflect.TypeFor[C]()} {
		if err := codec.Check(t); err != nil {
			return err
		}
	}
	return nil
}

func appendField[T any](b []byte, v T) ([]byte, error) {
	field, err := codec.Append(nil, v)
	if err != nil {
		return nil, err
	}
	return wire.AppendBytes(b, field), nil
}

func decodeField[T any](f *wire.Fields) (v T, err error) {
	b := f.Bytes()
	if err := f.Err(); err != nil {
		return v, err
	}
	return codec.Decode[T](b)
}
