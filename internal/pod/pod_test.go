package pod_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/pod"
)

type (
	room   struct{ Now, Most int }
	hidden struct {
		a uint8   //lint:ignore U1000 its place in memory is what is tested
		b [3]room //lint:ignore U1000 its place in memory is what is tested
		_ [2]byte
	}
	name   struct{ First string }
	person struct {
		Age  int
		Name name
	}
	node struct {
		Value int
		Next  *node
	}
	pair[T any] struct{ A, B T }
)

func TestCheckAcceptsPlainData(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[uint64](), reflect.TypeFor[uintptr](),
		reflect.TypeFor[float32](), reflect.TypeFor[complex128](), reflect.TypeFor[time.Duration](),
		reflect.TypeFor[room](), reflect.TypeFor[hidden](), reflect.TypeFor[[4][2]room](),
		reflect.TypeFor[struct{}](), reflect.TypeFor[[0]int](), reflect.TypeFor[pair[pair[int8]]](),
	} {
		for range 2 { // the second answer comes from the cache
			if err := pod.Check(typ); err != nil || !pod.Plain(typ) {
				t.Errorf("Check(%v) = %v, Plain %v; want nil, true", typ, err, pod.Plain(typ))
			}
		}
	}
}

func TestCheckNamesTheOffence(t *testing.T) {
	for _, test := range []struct {
		typ        reflect.Type
		path, kind string
		phrase     string
	}{
		{reflect.TypeFor[person](), "Name.First", "string", "field Name.First is a string,"},
		{reflect.TypeFor[string](), "", "string", "mp: string is not plain data: it is a string,"},
		{reflect.TypeFor[[]int](), "", "slice", "it is a slice,"},
		{reflect.TypeFor[[2]person](), "[].Name.First", "string", "element [].Name.First is a string,"},
		{reflect.TypeFor[struct{ A [3][2]any }](), "A[][]", "interface", "field A[][] is an interface,"},
		{reflect.TypeFor[node](), "Next", "pointer", "field Next is a pointer,"},
		{reflect.TypeFor[struct{ f func() }](), "f", "func", "field f is a func,"},
		{reflect.TypeFor[chan int](), "", "chan", "it is a chan,"},
		{reflect.TypeFor[map[int]int](), "", "map", "it is a map,"},
		{reflect.TypeFor[rawPointer](), "", "unsafe.Pointer", "it is an unsafe.Pointer,"},
		{reflect.TypeFor[time.Time](), "loc", "pointer", "time.Time is not plain data: field loc is a pointer,"},
	} {
		for range 2 {
			var e *pod.NotPlainError
			if err := pod.Check(test.typ); !errors.As(err, &e) {
				t.Errorf("Check(%v) = %v, want a *NotPlainError", test.typ, err)
			} else if e.Type != test.typ || e.Path != test.path || e.Kind != test.kind || !strings.Contains(e.Error(), test.phrase) {
				t.Errorf("Check(%v) = %q (%q %q), want path %q, kind %q and %q", test.typ, e, e.Path, e.Kind, test.path, test.kind, test.phrase)
			}
		}
		if pod.Plain(test.typ) {
			t.Errorf("Plain(%v) = true", test.typ)
		}
	}
	want := "mp: pod_test.person is not plain data: field Name.First is a string, and shared memory holds no pointers (numbers, bools, arrays and structs of these only)"
	if got := pod.Check(reflect.TypeFor[person]()).Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBytesIsTheMemory(t *testing.T) {
	r := room{Now: 1}
	b := pod.Bytes(&r)
	if size := reflect.TypeOf(r).Size(); uintptr(len(b)) != size {
		t.Fatalf("len %d, want %d", len(b), size)
	}
	for i := range b {
		b[i] = 0xff
	}
	if r != (room{-1, -1}) {
		t.Errorf("writing the bytes gave %v, want {-1 -1}", r)
	}
	if n := len(pod.Bytes(&struct{}{})); n != 0 {
		t.Errorf("struct{} has %d bytes", n)
	}
}
