package pod

import (
	"bytes"
	"math"
	"reflect"
	"testing"
)

type gappy struct {
	A int8
	F float64
	_ int32
	B int16
}

func TestCanonicalOfExact(t *testing.T) {
	for _, v := range []any{0, "", struct{ A, B int }{}, [3]bool{}, struct{ P *int }{}, struct{ S string }{}} {
		if c := CanonicalOf(reflect.TypeOf(v)); c != nil {
			t.Errorf("%T: %v", v, c)
		}
	}
}

func TestCanonicalize(t *testing.T) {
	c := CanonicalOf(reflect.TypeFor[[2]gappy]())
	filled := func(b byte, f float64) *[2]gappy {
		g := new([2]gappy)
		copy(Bytes(g), bytes.Repeat([]byte{b}, len(Bytes(g))))
		for i := range g {
			g[i].A, g[i].F, g[i].B = 1, f, 2
		}
		return g
	}
	for _, same := range [][2]float64{{0, math.Copysign(0, -1)}, {math.NaN(), math.Float64frombits(0xfff0000000000001)}, {1.5, 1.5}} {
		x, y := filled(0xff, same[0]), filled(0x55, same[1])
		Canonicalize(c, x)
		Canonicalize(c, y)
		if !bytes.Equal(Bytes(x), Bytes(y)) {
			t.Errorf("%v and %v: %x\n%x", same[0], same[1], Bytes(x), Bytes(y))
		}
		if x[1].A != 1 || x[1].B != 2 || same[0] == same[0] && x[1].F != same[0] {
			t.Errorf("%v has become %+v", same[0], x[1])
		}
	}
}

func TestCanonicalizeKinds(t *testing.T) {
	type mixed struct {
		S string
		F float32
		C complex128
		_ []byte
	}
	negative := math.Copysign(0, -1)
	v := mixed{S: "s", F: float32(negative), C: complex(negative, negative)}
	Canonicalize(CanonicalOf(reflect.TypeFor[mixed]()), &v)
	if v.S != "s" || math.Signbit(float64(v.F)) || math.Signbit(real(v.C)) || math.Signbit(imag(v.C)) {
		t.Errorf("%+v", v)
	}
}
