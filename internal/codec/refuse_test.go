package codec_test

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/codec"
)

type (
	//lint:ignore U1000 what Check refuses is that it is there
	secret   struct{ Name, word string }
	half     struct{ N int }
	halfBack struct{ N int }
	onlyTime struct{ time.Time }
	lender   struct {
		time.Time
		Note string
	}
	lenderPlain struct {
		token
		X int
	}
	lenderPointer struct {
		*handle[int]
		X int
	}
	lenderInterface struct {
		encoding.BinaryMarshaler
		encoding.BinaryUnmarshaler
	}
	ownMethods struct {
		time.Time
		Note string
	}
	hiddenPointer struct {
		*base
		X string
	}
	weekday     int
	hiddenToken struct {
		//lint:ignore U1000 what Check refuses is that it is there
		token
		ownMethods // as deep: neither lends its methods
	}
)

func (half) MarshalBinary() ([]byte, error)         { return nil, nil }
func (*halfBack) UnmarshalBinary([]byte) error      { return nil }
func (o ownMethods) MarshalBinary() ([]byte, error) { return []byte(o.Note), nil }
func (o *ownMethods) UnmarshalBinary(b []byte) error {
	o.Note = string(b)
	return nil
}

func TestCheckRefusesWhatCannotTravel(t *testing.T) {
	for _, test := range []struct {
		typ       reflect.Type
		path, why string
	}{
		{reflect.TypeFor[func()](), "", "is of type func(), and only functions that were registered travel"},
		{reflect.TypeFor[chan int](), "", "is of type chan int"},
		{reflect.TypeFor[rawPointer](), "", "is of type unsafe.Pointer"},
		{reflect.TypeFor[struct{ A []map[string]chan int }](), "A[][]", "is of type chan int"},
		{reflect.TypeFor[secret](), "word", "is not exported and would be lost: export it, or give codec_test.secret the methods"},
		{reflect.TypeFor[list[secret]](), "Value.word", "is not exported"},
		{reflect.TypeFor[map[int]*secret](), "[].word", "is not exported"},
		{reflect.TypeFor[hiddenPointer](), "base", "is not exported"},
		{reflect.TypeFor[big.Int](), "neg", "is not exported"},
		{reflect.TypeFor[struct{ Mu *sync.Mutex }](), "", ""},
		{reflect.TypeFor[error](), "", "is an error, whose type the other process cannot know: send its text"},
		{reflect.TypeFor[struct{ Err error }](), "Err", "is an error"},
		{reflect.TypeFor[io.Reader](), "", "is the interface io.Reader"},
		{reflect.TypeFor[map[any]int](), "[key]", "is of type interface {}, which would be another key"},
		{reflect.TypeFor[map[*int]int](), "[key]", "is of type *int"},
		{reflect.TypeFor[map[[1]struct{ P *int }]int](), "[key]", "another key"},
		{reflect.TypeFor[map[struct{ V any }]int](), "[key]", "another key"},
		{reflect.TypeFor[half](), "", "has MarshalBinary but not UnmarshalBinary: codec_test.half needs both or neither"},
		{reflect.TypeFor[[]halfBack](), "[]", "has UnmarshalBinary but not MarshalBinary"},
		{reflect.TypeFor[struct{ H [2]half }](), "H[]", "has MarshalBinary but not"},
		{reflect.TypeFor[lender](), "", "would send its embedded Time alone"},
		{reflect.TypeFor[[]lenderPlain](), "[]", "would send its embedded token alone"},
		{reflect.TypeFor[lenderPointer](), "", "would send its embedded handle alone"},
		{reflect.TypeFor[lenderInterface](), "", "would send its embedded BinaryMarshaler alone"},
		{reflect.TypeFor[hiddenToken](), "token", "is not exported"},
		{reflect.TypeFor[struct {
			_ int
			S [0]string
		}](), "", "holds nothing that could be sent"},
	} {
		if test.why == "" { // accepted: a mutex is plain data, wherever its copies are of use
			if err := codec.Check(test.typ); err != nil {
				t.Errorf("Check(%v) = %v", test.typ, err)
			}
			continue
		}
		for range 2 {
			var e *codec.TypeError
			if err := codec.Check(test.typ); !errors.As(err, &e) {
				t.Errorf("Check(%v) = %v, want a *TypeError", test.typ, err)
			} else if e.Type != test.typ || e.Path != test.path || !strings.Contains(e.Error(), test.why) {
				t.Errorf("Check(%v) = %v\npath %q, want %q and %q", test.typ, e, e.Path, test.path, test.why)
			}
		}
	}
	want := "mp: codec_test.secret cannot travel to another process: field word is not exported and would be lost: " +
		"export it, or give codec_test.secret the methods MarshalBinary and UnmarshalBinary"
	if got := appendError(secret{}); got == nil || got.Error() != want {
		t.Errorf("Append: %v", got)
	}
	if _, err := codec.Decode[secret](nil); err == nil || err.Error() != want {
		t.Errorf("Decode: %v", err)
	}
}

func TestEmbeddedMethodsThatLoseNothing(t *testing.T) {
	when := time.Unix(1, 2).UTC()
	if got := roundTrip(t, onlyTime{when}); got.Time != when {
		t.Errorf("got %v", got)
	}
	if got := roundTrip(t, ownMethods{Note: "n"}); got.Note != "n" {
		t.Errorf("got %v", got)
	}
}

func TestAnyRefusesOtherTypes(t *testing.T) {
	type extra struct{ Extra map[int]any }
	for _, test := range []struct {
		err  error
		path string
		why  string
	}{
		{appendError(extra{map[int]any{2: []any{1, map[string]any{"k": point{}}}}}), `Extra[2][1]["k"]`, "holds a codec_test.point, and an any that travels holds nil, a bool"},
		{appendError[any](point{}), "", "it holds a codec_test.point"},
		{appendError([]any{text("x")}), "[0]", "element [0] holds a codec_test.text"},
		{appendError([]any{newHandle(1)}), "[0]", "holds a *codec_test.handle[int]"},
		{appendError[any](errForeign), "", "holds a *errors.errorString"},
		{appendError[any](weekday(1)), "", "holds a codec_test.weekday"},
		{appendError[any]([]int{1}), "", "holds a []int"},
		{appendError[any](time.Date(1, 1, 1, 0, 0, 0, 0, time.FixedZone("", -60))), "", "refused by its MarshalBinary: Time.MarshalBinary: unexpected zone offset"},
	} {
		var e *codec.ValueError
		if !errors.As(test.err, &e) || e.Path != test.path || !strings.Contains(e.Error(), test.why) {
			t.Errorf("got %v, want path %q and %q", test.err, test.path, test.why)
		}
	}
}

// The tags of values in an any, as other processes of the binary write them.
const (
	anyNil byte = iota
	_
	_
	anyString
	anyBytes
	anyTime
	anyList
	anyMap
	anyInt
)

func decodeErrorOf[T any](b ...byte) error {
	_, err := codec.Decode[T](b)
	return err
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	type two struct {
		N int16
		S []string
	}
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	for _, test := range []struct {
		err error
		why string
	}{
		{decodeErrorOf[int64](1, 2, 3), "mp: these bytes are no int64: it takes 8 bytes (int64), and 3 came"},
		{decodeErrorOf[point](), "it takes 16 bytes (codec_test.point struct{x int; y int}), and 0 came"},
		{decodeErrorOf[[]int32](1, 2, 3), "it takes a multiple of 4 bytes (int32), and 3 came"},
		{decodeErrorOf[struct{}](1), "it takes 0 bytes (struct{}), and 1 came"},
		{decodeErrorOf[bool](2), "it has a bool that is neither 0 nor 1"},
		{decodeErrorOf[[]bool](1, 0, 3), "it has a bool that is neither 0 nor 1"},
		{decodeErrorOf[[2]struct{ A, B bool }](1, 1, 1, 2), "neither 0 nor 1"},
		{decodeErrorOf[struct {
			S string
			B [2]bool
		}](0, 1, 2), "field B has a bool"},
		{decodeErrorOf[two](1), "field N takes 2 bytes, and 1 are left"},
		{decodeErrorOf[two](1, 2, 3, 0, 9), "field S[1] is 9 bytes long, and 0 are left"},
		{decodeErrorOf[two](1, 2, 0, 0), "it is followed by 1 bytes too many"},
		{decodeErrorOf[two](append([]byte{1, 2}, huge...)...), "elements, and the 0 bytes left cannot hold them"},
		{decodeErrorOf[two](1, 2, 0x80), "field S has a length that is cut off"},
		{decodeErrorOf[[][]int64](append([]byte{2}, huge...)...), "cannot hold them"},
		{decodeErrorOf[map[int8]int8](4, 1, 1, 1), "has 3 elements, and the 3 bytes left cannot hold them"},
		{decodeErrorOf[map[int8]int8](3, 1, 1, 1, 2), "has 2 keys, of which only 1 are different"},
		{decodeErrorOf[map[struct{}]struct{}](3), "has 2 keys, and there is one struct {}"},
		{decodeErrorOf[*int8](), "nothing is left"},
		{decodeErrorOf[*int8](2), "begins with the byte 2"},
		{decodeErrorOf[string](1), ""},
		{decodeErrorOf[token](2, 1, 1), "it was refused by its UnmarshalBinary: no token"},
		{decodeErrorOf[any](), "it is cut off: nothing is left"},
		{decodeErrorOf[any](200), "it begins with the byte 200, the tag of nothing that an any may hold"},
		{decodeErrorOf[any](anyInt, 1, 2, 3), "it takes 8 bytes, and 3 are left"},
		{decodeErrorOf[any](anyNil, anyNil), "it is followed by 1 bytes too many"},
		{decodeErrorOf[any](anyString, 5, 'a'), "it is 5 bytes long, and 1 are left"},
		{decodeErrorOf[any](anyBytes, 5, 'a'), "it has 4 elements, and the 1 bytes left cannot hold them"},
		{decodeErrorOf[any](anyTime, 1, 9), "it was refused by its UnmarshalBinary: Time.UnmarshalBinary: unsupported version"},
		{decodeErrorOf[any](anyList), "it has a length that is cut off"},
		{decodeErrorOf[any](append([]byte{anyList}, huge...)...), "cannot hold them"},
		{decodeErrorOf[any](append([]byte{anyMap}, huge...)...), "cannot hold them"},
		{decodeErrorOf[any](anyList, 3, anyNil, anyList, 2, 200), "element [1][0] begins with the byte 200"},
		{decodeErrorOf[any](anyMap, 2, 1, 'k', 200), `element ["k"] begins with the byte 200`},
		{decodeErrorOf[any](anyMap, 2, 9, 'k'), "element [key] is 9 bytes long"},
		{decodeErrorOf[any](anyMap, 3, 1, 'a', anyNil, 1, 'a', anyNil), "it has 2 keys, of which only 1 are different"},
		{decodeErrorOf[map[int8]any](2, 7, anyList, 2, 200), "element [7][0] begins with the byte 200"},
		{decodeErrorOf[[]any](2, 200), "element [0] begins with the byte 200"},
	} {
		if test.why == "" {
			if test.err != nil {
				t.Errorf("got %v", test.err)
			}
			continue
		}
		var e *codec.DecodeError
		if !errors.As(test.err, &e) || !strings.Contains(e.Error(), test.why) {
			t.Errorf("got %v, want %q", test.err, test.why)
		}
	}
}

func TestDecodeOfDeepBytesIsAnError(t *testing.T) {
	deep := func(b byte) []byte { return []byte(strings.Repeat(string(b), 1_000_000)) }
	type self []self
	type circle *circle
	for _, err := range []error{decodeErrorOf[self](deep(2)...), decodeErrorOf[circle](deep(1)...)} {
		if err == nil || !strings.Contains(err.Error(), "deeper than 10000 levels") || len(err.Error()) > 600 {
			t.Errorf("got %v", err)
		}
	}
	for _, levels := range []int{1_000_000, 15_000} {
		lists := bytes.Repeat([]byte{anyList, 2}, levels)
		maps := bytes.Repeat([]byte{anyMap, 2, 0}, levels)
		for _, err := range []error{decodeErrorOf[any](append(lists, anyNil)...), decodeErrorOf[any](append(maps, anyNil)...)} {
			if err == nil || !strings.Contains(err.Error(), "deeper than 10000 levels") || len(err.Error()) > 600 {
				t.Errorf("%d levels: %v", levels, err)
			}
		}
	}
}

// Each level claims as many elements as there are bytes left: believed at once, they would take gigabytes.
func TestDecodeBelievesNoCountBeforeItsElements(t *testing.T) {
	const levels, size = 9_000, 200_000
	type self []self
	type selves map[string]selves
	claim := binary.AppendUvarint(nil, size/3)
	nested := func(head, tail string) []byte {
		b := bytes.Repeat([]byte(head+string(claim)+tail), levels)
		return append(b, make([]byte, size)...)
	}
	lists, maps := nested(string(rune(anyList)), ""), nested(string(rune(anyMap)), "\x00")
	typed, keyed := nested("", ""), nested("", "\x00")
	for name, decode := range map[string]func() error{
		"any list": func() error { return decodeErrorOf[any](lists...) },
		"any map":  func() error { return decodeErrorOf[any](maps...) },
		"slices":   func() error { return decodeErrorOf[self](typed...) },
		"maps":     func() error { return decodeErrorOf[selves](keyed...) },
		"flat":     func() error { return decodeErrorOf[[]map[string]uint8](typed...) }, // whose counts are believed
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := decode()
		runtime.ReadMemStats(&after)
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; err == nil || took > 100 {
			t.Errorf("%s: %d MB for %d bytes, and the error %v", name, took, len(lists), err)
		}
	}
}
