//go:build linux

package mp_test

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/pod"
)

type padded struct {
	A int8
	B int64
	_ int16
	F float32
}

// filthy is a padded whose gaps are not zero.
func filthy(a int8, b int64, f float32) padded {
	var p padded
	copy(pod.Bytes(&p), bytes.Repeat([]byte{0xaa}, 24))
	p.A, p.B, p.F = a, b, f
	return p
}

type named struct {
	Name string
	At   time.Time
	F    float64
}

// Keys are the same if == says so, whatever lies in their gaps.
func TestDictKeys(t *testing.T) {
	negative := math.Copysign(0, -1)
	sameKey(t, "float", negative, 0.0)
	sameKey(t, "NaN", math.NaN(), math.Float64frombits(0xfff8000000000123))
	sameKey(t, "complex", complex(negative, 1), complex(0, 1))
	sameKey(t, "padding", filthy(1, 2, 3), padded{A: 1, B: 2, F: 3})
	sameKey(t, "array", [2]float32{float32(negative), 1}, [2]float32{0, 1})
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.FixedZone("here", 3600))
	sameKey(t, "struct", named{"n", noon, negative}, named{"n", noon.In(time.FixedZone("there", 3600)), 0})
	now := time.Now()
	sameKey(t, "time", now, now.Round(0))
	l := mp.NewLock()
	sameKey(t, "handle", l, l)
	sameKey(t, "bool", true, true)
	sameKey(t, "empty", "", "")
	sameKey(t, "nothing", [0]int{}, [0]int{})

	d := mp.NewDict[string, int]()
	for i := range 300 {
		if err := d.Set(strings.Repeat("x", i), i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 300 {
		if v, found := d.Get(strings.Repeat("x", i)); v != i || !found {
			t.Errorf("%d: %d, %v", i, v, found)
		}
	}
	runtime.KeepAlive(l)
}

func sameKey[K comparable](t *testing.T, what string, a, b K) {
	d := mp.NewDict[K, string]()
	if err := errors.Join(d.Set(a, "a"), d.Set(b, "b")); err != nil {
		t.Fatal(err)
	}
	if v, found := d.Get(a); v != "b" || !found || d.Len() != 1 {
		t.Errorf("%s: %q, %v, of %d keys", what, v, found, d.Len())
	}
}
