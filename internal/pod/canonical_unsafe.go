package pod

import (
	"math"
	"reflect"
	"unsafe"
)

// Canonical says what to do to the memory of a value so that values which are == have the same bytes. Floats are made +0 if
// they are 0, and one NaN if they are none: NaNs are the same then, unlike ==. Gaps, and fields named _, are zero.
// What lies behind pointers, strings and other parts that are not plain is left as it is. Nil: the bytes are as they should be.
type Canonical []part

// part is memory that is to be changed.
type part struct {
	at, size uintptr
	float    bool // one of 4 or 8 bytes; else a gap
}

// CanonicalOf is for the values of a type.
func CanonicalOf(t reflect.Type) Canonical { return canonical(nil, t, 0) }

func canonical(c Canonical, t reflect.Type, at uintptr) Canonical {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64:
		return append(c, part{at, t.Size(), true})
	case reflect.Complex64, reflect.Complex128:
		half := t.Size() / 2
		return append(c, part{at, half, true}, part{at + half, half, true})
	case reflect.Array:
		for i := range uintptr(t.Len()) {
			c = canonical(c, t.Elem(), at+i*t.Elem().Size())
		}
	case reflect.Struct:
		end := uintptr(0)
		for i := range t.NumField() {
			f := t.Field(i)
			c = c.gap(at+end, at+f.Offset)
			end = f.Offset + f.Type.Size()
			if f.Name != "_" {
				c = canonical(c, f.Type, at+f.Offset)
			} else if Plain(f.Type) {
				c = c.gap(at+f.Offset, at+end)
			}
		}
		c = c.gap(at+end, at+t.Size())
	}
	return c
}

func (c Canonical) gap(from, to uintptr) Canonical {
	if from == to {
		return c
	}
	return append(c, part{from, to - from, false})
}

// Canonicalize does it to *v, whose type it was made for. T need not be plain: no pointer is touched.
func Canonicalize[T any](c Canonical, v *T) {
	for _, p := range c {
		at := unsafe.Add(unsafe.Pointer(v), p.at)
		switch {
		case !p.float:
			clear(unsafe.Slice((*byte)(at), p.size))
		case p.size == 4:
			normal((*float32)(at), float32(math.NaN()))
		default:
			normal((*float64)(at), math.NaN())
		}
	}
}

func normal[F float32 | float64](f *F, nan F) {
	switch {
	case *f == 0:
		*f = 0
	case *f != *f:
		*f = nan
	}
}
