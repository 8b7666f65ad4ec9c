package codec_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/codec"
)

// everything has a part of each kind.
type everything struct {
	N      int32
	Flags  [2]bool
	S      string
	Raw    []point
	Bools  []bool
	Strs   []string
	Voids  []struct{}
	Grid   [2][]text
	M      map[string]map[int8][]string
	Anys   map[int8]any
	List   *list[string]
	Kids   []everything
	Token  token
	Handle *handle[int]
	Do     call
	Any    any
	AnyMap map[string]any
	When   time.Time
}

// fuzzed decodes b as a T. What is accepted must travel once more and come to the same bytes, unless they hold maps,
// whose order is free.
func fuzzed[T any](t *testing.T, b []byte, ordered bool) {
	v, err := codec.Decode[T](b)
	if err != nil {
		if !reflect.ValueOf(&v).Elem().IsZero() {
			t.Errorf("%T: a value came with the error %v", v, err)
		}
		return
	}
	once, err := codec.Append(nil, v)
	if err != nil && strings.Contains(err.Error(), "unexpected zone offset") {
		return // package time reads some that it does not write
	}
	if err != nil {
		t.Fatalf("%T was decoded and cannot be encoded: %v", v, err)
	}
	w, err := codec.Decode[T](once)
	if err != nil {
		t.Fatalf("%T was encoded and cannot be decoded: %v", v, err)
	}
	if !ordered {
		return
	}
	if twice, err := codec.Append(nil, w); err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("%T: %x, then %x, %v", v, once, twice, err)
	}
}

func FuzzDecode(f *testing.F) {
	seed := func(b []byte, err error) {
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	when := time.Date(2026, 11, 21, 1, 2, 3, 4, time.UTC)
	full := everything{
		N: 1, S: "s", Raw: []point{{1, 2}}, Bools: []bool{true}, Strs: []string{"a", ""}, Voids: make([]struct{}, 2),
		Grid: [2][]text{{"x"}, nil}, M: map[string]map[int8][]string{"k": {1: {"v"}}}, Anys: map[int8]any{1: 1.5},
		List: &list[string]{"a", &list[string]{"b", nil}}, Token: 3, Handle: newHandle(4), Do: double,
		Any: []any{1, "x", nil}, AnyMap: map[string]any{"t": when}, When: when,
	}
	full.Kids = []everything{full}
	seed(codec.Append(nil, full))
	seed(codec.Append(nil, wrap{Inner: &Inner{map[string][]int{"d": {1}}}}))
	seed(codec.Append[any](nil, map[string]any{"a": []any{true, when, []byte("b"), -1}}))
	seed(codec.Append[any](nil, []any{nil, false, 1, int8(1), uint16(2), uint64(3), float32(1), 2i, time.Hour, "s", []byte{}, []any(nil), map[string]any{}}))
	seed(codec.Append(nil, []any{int64(1), uintptr(2), complex64(3), map[string]any(nil), []byte(nil)}))
	seed(codec.Append(nil, map[string]any{"k": []any{map[string]any{"": uint8(1)}}}))
	seed(codec.Append(nil, list[[]string]{[]string{"a"}, nil}))
	seed(codec.Append(nil, map[string]map[int8]*bool{"a": {1: ref(true)}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzed[everything](t, b, false)
		fuzzed[wrap](t, b, false)
		fuzzed[any](t, b, false)
		fuzzed[map[string]map[int8]*bool](t, b, false)
		fuzzed[map[struct{}][]struct{}](t, b, true)
		fuzzed[list[[]string]](t, b, true)
		fuzzed[tree](t, b, false)
		fuzzed[[]*handle[int]](t, b, true)
		fuzzed[[][2]bool](t, b, true)
		fuzzed[point](t, b, true)
		fuzzed[string](t, b, true)
		fuzzed[time.Time](t, b, false) // package time writes some zone offsets otherwise than it read them
		fuzzed[[]any](t, b, false)
		fuzzed[map[string]any](t, b, false)
	})
}
