package codec

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/pod"
)

type gappy struct {
	A int8
	F float64
	_ int16
}

type mixed struct {
	S string
	G gappy
	C complex64
}

func dirty(a int8, f float64) gappy {
	var g gappy
	copy(pod.Bytes(&g), bytes.Repeat([]byte{0x77}, len(pod.Bytes(&g))))
	g.A, g.F = a, f
	return g
}

func TestKeys(t *testing.T) {
	negative := math.Copysign(0, -1)
	oneKey(t, 1, 1)
	oneKey(t, negative, 0)
	oneKey(t, math.NaN(), -math.NaN())
	oneKey(t, "s", strings.ToLower("S"))
	oneKey(t, dirty(1, negative), gappy{A: 1})
	oneKey(t, [2]gappy{dirty(1, 2), dirty(3, 4)}, [2]gappy{{A: 1, F: 2}, {A: 3, F: 4}})
	oneKey(t, mixed{"s", dirty(1, negative), complex(0, float32(negative))}, mixed{"s", gappy{A: 1}, 0})
}

func oneKey[T comparable](t *testing.T, x, y T) {
	k := KeysOf[T]()
	a, err := k.Append([]byte("before"), x)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := k.Append([]byte("before"), y); !bytes.Equal(a, b) {
		t.Errorf("%v and %v: %x and %x", x, y, a, b)
	}
	if back, err := Decode[T](a[len("before"):]); err != nil || back != x && x == x {
		t.Errorf("%v has become %v, %v", x, back, err)
	}
}

func TestKeysRefuse(t *testing.T) {
	k := KeysOf[chan int]()
	if _, err := k.Append(nil, nil); err == nil {
		t.Error("a chan is a key")
	}
}
