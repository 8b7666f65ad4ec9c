package codec_test

import (
	"bytes"
	"maps"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/pod"
)

type (
	point struct{ x, y int } // plain, with fields that are not exported
	text  string
	blob  []byte
	track []point
	base  struct{ ID int }
	Named struct{ Name string }
	wrap  struct {
		base
		Named
		*Inner
		Tags []string `json:"-"` // tags mean nothing here
	}
	Inner       struct{ Deep map[string][]int }
	list[T any] struct {
		Value T
		Next  *list[T]
	}
	tree  struct{ Kids map[string]tree }
	mixed struct {
		_     [3]byte
		_     [0]func()
		At    point
		Path  []point
		Z     complex128
		Flag  bool
		Any   any
		When  time.Time
		Wait  time.Duration
		Names map[text][2]string
		PP    **int
		Big   uint64
	}
	empty [0]func()
)

func roundTrip[T any](t *testing.T, v T) T {
	t.Helper()
	prefix := []byte("before")
	b, err := codec.Append(prefix, v)
	if err != nil {
		t.Fatalf("Append(%T): %v", v, err)
	}
	if !bytes.HasPrefix(b, prefix) {
		t.Fatalf("Append(%T) lost what was there: %q", v, b)
	}
	b = b[len(prefix):]
	got, err := codec.Decode[T](b)
	if err != nil {
		t.Fatalf("Decode(%T): %v\nbytes %x", v, err, b)
	}
	inPlace(t, v, bytes.Clone(b))
	clear(b) // nothing in got may point into b
	return got
}

// inPlace: what needs no copy is the same as what is copied; b are the bytes of v.
func inPlace[T any](t *testing.T, v T, b []byte) {
	t.Helper()
	view, ok := codec.View(&v)
	if !ok {
		return
	}
	if !bytes.Equal(view, b) {
		t.Errorf("View(%T): %x, not %x", v, view, b)
	}
	own, err := codec.Own[T](b)
	if again, _ := codec.View(&own); err != nil || !bytes.Equal(again, view) {
		t.Errorf("Own(%T): %x, not %x, %v", v, again, view, err)
	}
	var into T
	if codec.Raw[T]() {
		n := copy(pod.Bytes(&into), view)
		if again, _ := codec.View(&into); n != len(pod.Bytes(&into)) || !bytes.Equal(again, view) {
			t.Errorf("Raw(%T): %x, not %x", v, again, view)
		}
	}
}

// Bytes that are no such value are refused, in place or not.
func TestOwnRefuses(t *testing.T) {
	if v, err := codec.Own[[]int](make([]byte, 12)); err == nil {
		t.Errorf("12 bytes are %v", v)
	}
	if v, err := codec.Own[[]bool]([]byte{0, 2}); err == nil {
		t.Errorf("a 2 is one of %v", v)
	}
	if codec.Raw[bool]() {
		t.Error("any byte is a bool")
	}
	if v, err := codec.Own[[]int](nil); v != nil || err != nil {
		t.Errorf("nothing is %v, %v", v, err)
	}
}

func same[T any](v T) func(*testing.T) {
	return becomes(v, v)
}

func becomes[T any](v, want T) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		if got := roundTrip(t, v); !reflect.DeepEqual(got, want) {
			t.Errorf("%T: got %#v, want %#v", v, got, want)
		}
	}
}

func ref[T any](v T) *T { return &v }

func TestRoundTrip(t *testing.T) {
	zone := time.FixedZone("", -3*3600)
	when := time.Date(2026, 11, 21, 12, 0, 0, 123456789, zone)
	for name, test := range map[string]func(*testing.T){
		"int":              same(-5),
		"big uint64":       same(uint64(math.MaxUint64)),
		"bool":             same(true),
		"uintptr":          same(uintptr(1)),
		"complex":          same(complex(1, -2)),
		"duration":         same(time.Minute),
		"plain":            same(point{1, 2}),
		"array":            same([2]point{{1, 2}, {3, 4}}),
		"nothing":          same(struct{}{}),
		"empty array":      same(empty{}),
		"string":           same("ä"),
		"empty string":     same(""),
		"invalid UTF-8":    same("\xff\xfe"),
		"named string":     same(text("x")),
		"bytes":            same([]byte{1, 2}),
		"nil bytes":        same([]byte(nil)),
		"empty bytes":      becomes([]byte{}, nil),
		"named bytes":      same(blob{1, 2}),
		"floats":           same([]float64{1, math.Inf(-1)}),
		"bools":            same([]bool{true, false}),
		"named elements":   same(track{{1, 2}, {3, 4}}),
		"voids":            same(make([]struct{}, 3)),
		"nil voids":        same([]struct{}(nil)),
		"void arrays":      same(make([][3][0]string, 5)),
		"strings":          same([]string{"a", "", "\xff"}),
		"nil strings":      same([]string(nil)),
		"empty strings":    same([]string{}),
		"slices":           same([][]int{nil, {}, {1}}),
		"array of slices":  same([2][]int{nil, {1}}),
		"string arrays":    same([][3]string{{}, {"a"}}),
		"map":              same(map[string]map[int][]string{"a": {1: {"x"}, 2: nil}, "b": nil, "c": {}}),
		"nil map":          same(map[int]string(nil)),
		"struct keys":      same(map[point]string{{1, 2}: "x"}),
		"array keys":       same(map[[2]string]point{{"a", "b"}: {1, 2}}),
		"void map":         same(map[struct{}]struct{}{{}: {}}),
		"address keys":     same(map[netip.Addr]string{netip.MustParseAddr("::1"): "x"}),
		"pointer":          same(ref(5)),
		"nil pointer":      same((*string)(nil)),
		"pointer to nil":   same(ref((*int)(nil))),
		"pointer to slice": same(ref([]string(nil))),
		"time":             same(when.UTC()),
		"zero time":        same(time.Time{}),
		"far time":         same(time.Date(-20000, 1, 1, 0, 0, 0, 0, time.UTC)),
		"times":            same([]time.Time{when.UTC(), {}}),
		"embedded":         same(wrap{base{1}, Named{"n"}, &Inner{map[string][]int{"d": {1}}}, []string{"t"}}),
		"embedded nil":     same(wrap{}),
		"generic":          same(list[string]{"a", &list[string]{"b", nil}}),
		"tree":             same(tree{map[string]tree{"a": {map[string]tree{}}, "b": {}}}),
		"mixed": same(mixed{At: point{1, 2}, Path: []point{{3, 4}}, Z: 1i, Flag: true, Any: []any{int64(1), "x"}, When: when.UTC(),
			Wait: time.Second, Names: map[text][2]string{"k": {"a", "b"}}, PP: ref(ref(3)), Big: math.MaxUint64}),
	} {
		t.Run(name, test)
	}
}

func TestWhatAnAnyHoldsArrivesAsTheTypeItWas(t *testing.T) {
	when := time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)
	for name, test := range map[string]func(*testing.T){
		"any": same[any](map[string]any{"a": []any{nil, true, "s\xff", []byte{1}, int64(math.MinInt64), 1.5, when}, "b": map[string]any{}}),
		"any numbers": same[any]([]any{1, int8(-2), int16(3), int32(-4), int64(5), uint(6), uint8(7), uint16(8), uint32(9), uint64(math.MaxUint64),
			uintptr(11), float32(1.5), 2.5, complex64(1i), 2i, time.Hour, math.MinInt, math.MaxInt, true, false}),
		"any nil":      same[any](nil),
		"any inf":      same[any](math.Inf(1)),
		"any list":     same([]any{[]any{}, map[string]any{}}),
		"any nil list": same([]any(nil)),
		"any nils":     same([]any{[]byte(nil), []any(nil), map[string]any(nil), nil}),
		"any empties":  same([]any{[]byte{}, []any{}, map[string]any{}, ""}),
		"any times":    same([]any{time.Time{}, time.Date(-20000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(20000, 1, 1, 0, 0, 0, 1, time.UTC)}),
		"any string":   same[any](strings.Repeat("long", 1000)),
		"many anys":    same[any](slices.Repeat([]any{1, "x"}, 1000)),
		"many strings": same(slices.Repeat([]string{"a", "", "b"}, 1000)),
		"any map":      same(map[string]any{"": nil}),
		"any nil map":  same(map[string]any(nil)),
		"anys by id":   same(map[int]any{1: "x", 2: nil}),
	} {
		t.Run(name, test)
	}
}

func TestTimeKeepsItsInstantAndOffset(t *testing.T) {
	odd := time.Date(1850, 1, 2, 3, 4, 5, 6, time.FixedZone("LMT", 53*60+28))
	whole := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("X", -90*60))
	for _, v := range []time.Time{odd, whole, time.Now()} {
		got := roundTrip(t, struct{ T time.Time }{v}).T
		_, want := v.Zone()
		if _, offset := got.Zone(); !got.Equal(v) || offset != want {
			t.Errorf("%v became %v", v, got)
		}
	}
	for _, v := range []time.Time{odd, whole} {
		got := roundTrip[any](t, v).(time.Time)
		_, want := v.Zone()
		if _, offset := got.Zone(); !got.Equal(v) || offset != want {
			t.Errorf("in an any, %v became %v", v, got)
		}
	}
}

func TestNaNKeepsItsBits(t *testing.T) {
	bits := uint64(0x7ff8_0000_dead_beef)
	nan := math.Float64frombits(bits)
	if got := math.Float64bits(roundTrip(t, nan)); got != bits {
		t.Errorf("float64: %x", got)
	}
	if got := math.Float64bits(roundTrip(t, map[string]float64{"": nan})[""]); got != bits {
		t.Errorf("map value: %x", got)
	}
	if got := math.Float64bits(roundTrip[any](t, nan).(float64)); got != bits {
		t.Errorf("any: %x", got)
	}
	keys := roundTrip(t, map[float64]string{nan: "a", math.Inf(1): "b"})
	if len(keys) != 2 || keys[math.Inf(1)] != "b" {
		t.Errorf("keys: %v", keys)
	}
}

func TestPointersToOneValueArriveAsTwo(t *testing.T) {
	p := ref(1)
	got := roundTrip(t, []*int{p, p})
	if *got[0] != 1 || *got[1] != 1 || got[0] == got[1] {
		t.Errorf("got %v", got)
	}
}

func TestLongListsTravelAndEndlessOnesDoNot(t *testing.T) {
	long := &list[int]{}
	for range 9_000 {
		long = &list[int]{1, long}
	}
	if got := roundTrip(t, long); !reflect.DeepEqual(got, long) {
		t.Error("the list changed")
	}
	var deep any
	for range 4_500 {
		deep = map[string]any{"": []any{deep}}
	}
	if got := roundTrip(t, deep); !reflect.DeepEqual(got, deep) {
		t.Error("the deep any changed")
	}
	ring := &list[int]{Value: 1}
	ring.Next = ring
	type self []self
	own := self{nil}
	own[0] = own
	type circle *circle
	var c circle
	c = circle(&c)
	m := map[string]any{}
	m["m"] = m
	for name, err := range map[string]error{
		"list": appendError(ring), "slice": appendError(own), "pointer": appendError(c), "any": appendError[any](m), "map": appendError(m),
	} {
		if err == nil || !strings.Contains(err.Error(), "contains itself") || len(err.Error()) > 500 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func appendError[T any](v T) error {
	_, err := codec.Append(nil, v)
	return err
}

func TestAppendLeavesTheBufferOnErrors(t *testing.T) {
	b := append(make([]byte, 0, 64), "keep"...)
	if out, err := codec.Append(b, []any{1, make(chan int)}); err == nil || out != nil || string(b) != "keep" {
		t.Errorf("got %q, %v; buffer %q", out, err, b)
	}
}

func TestMapsOfAnyArriveWhole(t *testing.T) {
	want := map[string]any{}
	for i := range 300 {
		want[strings.Repeat("k", i)] = int64(i)
	}
	if got := roundTrip(t, want); !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
