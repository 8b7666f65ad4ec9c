package pod_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/pod"
)

type hall struct{ Now, Most int } // as room, by another name

func TestFingerprintFollowsTheLayout(t *testing.T) {
	type room struct{ Now, Most int } // another type of the same declaration
	if a, b := pod.Fingerprint(reflect.TypeFor[hall]()), pod.Fingerprint(reflect.TypeFor[room]()); a != b {
		t.Errorf("same declaration, %x and %x", a, b)
	}
	if a, b := pod.Fingerprint(reflect.TypeFor[time.Duration]()), pod.Fingerprint(reflect.TypeFor[int64]()); a != b {
		t.Errorf("Duration %x, int64 %x", a, b)
	}
	seen := map[uint64]reflect.Type{}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[int](), reflect.TypeFor[int64](), reflect.TypeFor[uint64](), reflect.TypeFor[uint](),
		reflect.TypeFor[uintptr](), reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[int8](),
		reflect.TypeFor[[1]int](), reflect.TypeFor[[2]int](), reflect.TypeFor[[2][1]int](), reflect.TypeFor[[1][2]int](),
		reflect.TypeFor[struct{}](), reflect.TypeFor[[0]int](), reflect.TypeFor[struct{ A int }](),
		reflect.TypeFor[struct{ B int }](), reflect.TypeFor[struct{ A, B int }](), reflect.TypeFor[struct{ B, A int }](),
		reflect.TypeFor[struct {
			A int
			B int64
		}](),
		reflect.TypeFor[struct{ A struct{ B int } }](), reflect.TypeFor[struct{ AB int }](),
		reflect.TypeFor[struct {
			A int8
			B int16
		}](),
		reflect.TypeFor[struct {
			A int8
			_ int8
			B int16
		}](),
	} {
		h := pod.Fingerprint(typ)
		if h == 0 {
			t.Errorf("%v has fingerprint 0", typ)
		}
		if other, ok := seen[h]; ok {
			t.Errorf("%v and %v have one fingerprint", typ, other)
		}
		seen[h] = typ
	}
}

// The numbers are in memory that programs built at other times attach to: they must not change.
func TestFingerprintIsStable(t *testing.T) {
	for _, test := range []struct {
		typ  reflect.Type
		want uint64
	}{
		{reflect.TypeFor[int64](), wantInt64},
		{reflect.TypeFor[struct{ A, B [3]uint32 }](), wantStruct},
	} {
		if got := pod.Fingerprint(test.typ); got != test.want {
			t.Errorf("Fingerprint(%v) = %#x, want %#x", test.typ, got, test.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	type long struct{ A, B, C, D, E, F, G, H, I, J int8 }
	for _, test := range []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[room](), "pod_test.room struct{Now int; Most int}"},
		{reflect.TypeFor[struct{ A room }](), "struct{A pod_test.room}"},
		{reflect.TypeFor[struct{ room }](), "struct{pod_test.room}"},
		{reflect.TypeFor[int](), "int"},
		{reflect.TypeFor[[2]room](), "[2]pod_test.room"},
		{reflect.TypeFor[time.Duration](), "time.Duration int64"},
		{reflect.TypeFor[digest](), "pod_test.digest [16]uint8"},
		{reflect.TypeFor[struct{}](), "struct{}"},
		{reflect.TypeFor[long](), "pod_test.long struct{A int8; B int8; C int8; D int8; E int8; F int8; G int8; H int8; … 2 more}"},
	} {
		if got := pod.Describe(test.typ); got != test.want {
			t.Errorf("Describe = %q, want %q", got, test.want)
		}
	}
}

type digest [16]byte

const (
	wantInt64  = 0xe1fa2c71924f84eb
	wantStruct = 0x5cddd2b14abe42e7
)
