package wire

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestFieldsComeBack(t *testing.T) {
	numbers := []uint64{0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 1 << 32, math.MaxUint64}
	var b []byte
	for _, n := range numbers {
		b = AppendUvarint(b, n)
	}
	b = AppendBytes(b, []byte{1, 2, 3})
	b = AppendString(b, "grüße")
	b = AppendBytes(b, nil)
	b = AppendString(b, strings.Repeat("x", 1000))

	f := NewFields(b)
	for _, want := range numbers {
		if got := f.Uvarint(); got != want {
			t.Errorf("%d came back as %d", want, got)
		}
	}
	if got := f.Bytes(); !bytes.Equal(got, []byte{1, 2, 3}) {
		t.Errorf("bytes came back as %v", got)
	}
	if got := f.String(); got != "grüße" {
		t.Errorf("string came back as %q", got)
	}
	if got := f.Bytes(); len(got) != 0 {
		t.Errorf("no bytes came back as %v", got)
	}
	if got := f.String(); got != strings.Repeat("x", 1000) {
		t.Errorf("long string came back with %d bytes", len(got))
	}
	if err := f.Done(); err != nil {
		t.Error(err)
	}
	for _, want := range []uint32{0, 1, 0x80, math.MaxUint32} {
		f := NewFields(AppendUvarint(nil, uint64(want)))
		if got := f.Uint32(); got != want || f.Done() != nil {
			t.Errorf("%d came back as %d, %v", want, got, f.Done())
		}
	}
}

func TestBadFields(t *testing.T) {
	number := func(f *Fields) { f.Uvarint() }
	small := func(f *Fields) { f.Uint32() }
	blob := func(f *Fields) { f.Bytes() }
	text := func(f *Fields) { _ = f.String() }
	for _, c := range []struct {
		name, payload string
		read          func(*Fields)
		want          FrameError
	}{
		{"no number", "", number, FrameError{"field 1", "a number", "the end of the payload after 0 bytes of it"}},
		{"half a number", "\x80\x80", number, FrameError{"field 1", "a number", "the end of the payload after 2 bytes of it"}},
		{"65 bits", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", number, FrameError{"field 1", "a number of 64 bits", "a longer one"}},
		{"eleven bytes", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", number, FrameError{"field 1", "a number of 64 bits", "a longer one"}},
		{"padded", "\x81\x00", number, FrameError{"field 1", "a number in its shortest form", "2 bytes for 1"}},
		{"33 bits", "\x80\x80\x80\x80\x10", small, FrameError{"field 1", "a number of 32 bits", "4294967296"}},
		{"short bytes", "\x05abcd", blob, FrameError{"field 1", "5 bytes", "4 until the end of the payload"}},
		{"huge bytes", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01abcd", blob, FrameError{"field 1", "18446744073709551615 bytes", "4 until the end of the payload"}},
		{"short string", "\x02a", text, FrameError{"field 1", "2 bytes", "1 until the end of the payload"}},
		{"bytes without length", "", blob, FrameError{"field 1", "a number", "the end of the payload after 0 bytes of it"}},
		{"left over", "\x01a\x07", text, FrameError{"payload", "its end after field 1", "1 more bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := NewFields([]byte(c.payload))
			c.read(f)
			var bad *FrameError
			if err := f.Done(); !errors.As(err, &bad) || *bad != c.want {
				t.Errorf("error %v, want %v", err, &c.want)
			}
		})
	}
}

func TestFirstBadFieldEndsIt(t *testing.T) {
	f := NewFields([]byte("\x05ab\x01\x01"))
	blob := f.Bytes()
	first := f.Err()
	if first == nil || blob != nil {
		t.Fatal("5 bytes were read from 2")
	}
	if n, s := f.Uvarint(), f.String(); n != 0 || s != "" {
		t.Errorf("fields behind a bad one are %d and %q, want nothing", n, s)
	}
	if f.Err() != first || f.Done() != first {
		t.Errorf("a later error hid the first: %v", f.Err())
	}
}

func TestBytesCannotOverwriteTheNext(t *testing.T) {
	f := NewFields(AppendString(AppendString(nil, "one"), "two"))
	_ = append(f.Bytes(), "xxxx"...)
	if got := f.String(); got != "two" {
		t.Errorf("appending to a field changed the next to %q", got)
	}
}

func TestRest(t *testing.T) {
	f := NewFields(append(AppendUvarint(nil, 300), "the rest"...))
	if n, rest := f.Uvarint(), f.Rest(); n != 300 || string(rest) != "the rest" || f.Done() != nil {
		t.Errorf("%d and %q, then %v", n, rest, f.Done())
	}
	f = NewFields([]byte("\x80"))
	if _, rest := f.Uvarint(), f.Rest(); rest != nil || f.Done() == nil {
		t.Errorf("behind a bad field: %q, then %v", rest, f.Done())
	}
}

func FuzzFields(f *testing.F) {
	f.Add([]byte("ubs"), AppendString(AppendBytes(AppendUvarint(nil, 300), []byte("abc")), "def"))
	f.Add([]byte("b"), []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01abcd"))
	f.Add([]byte("uuu"), []byte("\x80\x00"))
	f.Fuzz(func(t *testing.T, order, payload []byte) {
		fields := NewFields(payload)
		var again []byte
		for _, what := range order {
			var one []byte
			switch what % 3 {
			case 0:
				one = AppendUvarint(nil, fields.Uvarint())
			case 1:
				one = AppendBytes(nil, fields.Bytes())
			case 2:
				one = AppendString(nil, fields.String())
			}
			if fields.Err() != nil {
				break
			}
			again = append(again, one...)
		}
		if !bytes.HasPrefix(payload, again) {
			t.Fatalf("read %x from %x", again, payload)
		}
		if fields.Done() == nil && !bytes.Equal(payload, again) {
			t.Fatalf("all of %x was read, but it was %x", payload, again)
		}
	})
}
