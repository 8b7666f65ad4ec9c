package pod_test

import (
	"reflect"
	"testing"

	"github.com/multiproc/mp/internal/pod"
)

func TestExact(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[int](), reflect.TypeFor[uint64](), reflect.TypeFor[uintptr](),
		reflect.TypeFor[[3]byte](), reflect.TypeFor[[2][2]bool](), reflect.TypeFor[room](), reflect.TypeFor[struct{}](),
		reflect.TypeFor[struct {
			A uint16
			B bool
			C [5]int8
		}](), reflect.TypeFor[pair[pair[int16]]](), reflect.TypeFor[[0]int](),
	} {
		if !pod.Exact(typ) {
			t.Errorf("%v: its == compares bytes", typ)
		}
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[complex64](), reflect.TypeFor[[2]float32](),
		reflect.TypeFor[pair[float32]](), reflect.TypeFor[hidden](), reflect.TypeFor[string](), reflect.TypeFor[*int](),
		reflect.TypeFor[struct {
			A uint8
			B uint32
		}](), reflect.TypeFor[struct {
			A uint32
			B uint8
		}](), reflect.TypeFor[struct {
			A uint8
			_ uint8
		}](), reflect.TypeFor[[1]struct {
			A uint8
			B uint16
		}](),
	} {
		if pod.Exact(typ) {
			t.Errorf("%v: its == is not that of its bytes", typ)
		}
	}
}
