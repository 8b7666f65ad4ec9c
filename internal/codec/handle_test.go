package codec_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/codec"
)

// A handle is like those of package mp: reached by a pointer, with hidden fields, and one owner: self.
type handle[T any] struct {
	self *handle[T]
	id   uint64
	//lint:ignore U1000 it makes the type depend on T
	zero T
}

var errForeign = errors.New("not of this arena")

func newHandle(id uint64) *handle[int] {
	h := &handle[int]{id: id}
	h.self = h
	return h
}

func (h *handle[T]) MarshalBinary() ([]byte, error) {
	if h.self != h {
		return nil, errors.New("MarshalBinary was called on a copy")
	}
	if h.id == 13 {
		return nil, errForeign
	}
	return binary.AppendUvarint(nil, h.id), nil
}

func (h *handle[T]) UnmarshalBinary(b []byte) error {
	id, n := binary.Uvarint(b)
	if n != len(b) || id == 13 {
		return errForeign
	}
	h.self, h.id = h, id
	return nil
}

func (h *handle[T]) String() string {
	if h == nil {
		return "nil"
	}
	return fmt.Sprint("#", h.id, h.self == h)
}

// A token is a handle by value, and plain data besides: its methods must win.
type token uint32

func (k token) MarshalBinary() ([]byte, error) { return []byte{byte(k), 'k'}, nil }

func (k *token) UnmarshalBinary(b []byte) error {
	if len(b) != 2 || b[1] != 'k' {
		return errors.New("no token")
	}
	*k = token(b[0])
	return nil
}

type holder struct {
	One    *handle[int]
	None   *handle[int]
	Many   []*handle[int]
	Three  [3]*handle[int]
	ByName map[string]*handle[int]
	Nested struct{ In []map[int][]*handle[int] }
	Token  token
	Tokens []token
	Ranks  map[token]token
	Twice  **handle[int]
}

func TestHandlesTravelAtAnyDepth(t *testing.T) {
	v := holder{
		One: newHandle(1), Many: []*handle[int]{newHandle(2), nil}, Three: [3]*handle[int]{1: newHandle(3)},
		ByName: map[string]*handle[int]{"a": newHandle(4), "b": nil}, Token: 5, Tokens: []token{6}, Ranks: map[token]token{7: 8},
		Twice: ref(newHandle(9)),
	}
	v.Nested.In = []map[int][]*handle[int]{{1: {newHandle(10)}}}
	got := roundTrip(t, v)
	if g, w := fmt.Sprint(got.One, got.None, got.Many, got.Three, got.ByName, got.Nested, got.Token, got.Tokens, got.Ranks, *got.Twice),
		fmt.Sprint(v.One, v.None, v.Many, v.Three, v.ByName, v.Nested, v.Token, v.Tokens, v.Ranks, *v.Twice); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func TestHandlesTravelAlone(t *testing.T) {
	if got := roundTrip(t, newHandle(1)); got.String() != "#1 true" {
		t.Errorf("got %v", got)
	}
	if got := roundTrip(t, (*handle[int])(nil)); got != nil {
		t.Errorf("nil became %v", got)
	}
	if got := roundTrip(t, token(3)); got != 3 {
		t.Errorf("got %v", got)
	}
	if got := roundTrip(t, map[*handle[int]]int{newHandle(4): 1}); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	b, err := codec.Append(nil, struct{ T [1]token }{[1]token{1}})
	if err != nil || string(b) != "\x02\x01k" {
		t.Errorf("a plain handle within a struct went raw: %x, %v", b, err)
	}
}

func TestHandlesThatRefuseSayWhere(t *testing.T) {
	_, err := codec.Append(nil, holder{ByName: map[string]*handle[int]{"x": newHandle(13)}})
	var value *codec.ValueError
	if !errors.As(err, &value) || value.Path != `ByName["x"]` || !errors.Is(err, errForeign) {
		t.Errorf("Append: %v", err)
	}
	_, err = codec.Decode[[]*handle[int]]([]byte{2, 1, 2, 0x80, 0x80})
	var decode *codec.DecodeError
	if !errors.As(err, &decode) || decode.Path != "[0]" || !errors.Is(err, errForeign) {
		t.Errorf("Decode: %v", err)
	}
}

// A call is a func that travels by its number.
type call func(int) int

func double(n int) int { return 2 * n }
func square(n int) int { return n * n }

var calls = []call{double, square}

var _ = registerCalls() // before any test, and before the fuzzer's seeds

func registerCalls() bool {
	codec.RegisterFuncType(reflect.TypeFor[call](), nameOfCall, callByName)
	return true
}

func nameOfCall(v reflect.Value) ([]byte, error) {
	for i, c := range calls {
		if reflect.ValueOf(c).Pointer() == v.Pointer() {
			return []byte{byte(i)}, nil
		}
	}
	return nil, errForeign
}

func callByName(b []byte, v reflect.Value) error {
	if len(b) != 1 || int(b[0]) >= len(calls) {
		return errForeign
	}
	v.Set(reflect.ValueOf(calls[b[0]]))
	return nil
}

func TestRegisteredFuncsTravel(t *testing.T) {
	if got := roundTrip(t, call(square)); got(5) != 25 {
		t.Error("alone: another function came")
	}
	if got := roundTrip(t, call(nil)); got != nil {
		t.Error("nil became a function")
	}
	type job struct {
		Do   call
		Then []call
		By   map[string]call
	}
	got := roundTrip(t, job{Do: double, Then: []call{square, nil}, By: map[string]call{"s": square}})
	if got.Do(5) != 10 || got.Then[0](5) != 25 || got.Then[1] != nil || got.By["s"](4) != 16 {
		t.Error("within a struct: other functions came")
	}
	if err := appendError([]call{func(int) int { return 0 }}); !errors.Is(err, errForeign) || !strings.Contains(err.Error(), "element [0]") {
		t.Errorf("an unknown function: %v", err)
	}
	if _, err := codec.Decode[call]([]byte{1, 1, 9}); !errors.Is(err, errForeign) {
		t.Errorf("unknown bytes: %v", err)
	}
}

func TestRegisteringLiftsTheRefusal(t *testing.T) {
	type late func()
	typ := reflect.TypeFor[struct{ F late }]()
	if err := codec.Check(typ); err == nil {
		t.Fatal("accepted before it was registered")
	}
	codec.RegisterFuncType(reflect.TypeFor[late](), nil, nil)
	if err := codec.Check(typ); err != nil {
		t.Errorf("refused after it was registered: %v", err)
	}
	for name, typ := range map[string]reflect.Type{"twice": reflect.TypeFor[late](), "no func": reflect.TypeFor[int]()} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			codec.RegisterFuncType(typ, nil, nil)
		}()
	}
}
