//go:build linux

package mp_test

import (
	"errors"
	"io"
	"testing"

	"github.com/multiproc/mp"
)

// What one process reads from another is checked before it is used: garbage is an error, never a panic.

func FuzzFailure(f *testing.F) {
	f.Add(mp.AppendFailure(nil, errors.New("plain")))
	f.Add(mp.AppendFailure(nil, errors.Join(io.EOF, &limitError{1, 2}, errOdd)))
	f.Add(mp.AppendFailure(nil, &mp.PanicError{Where: "w", Value: "v", Stack: []byte("s")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := mp.DecodeFailure(b); err == nil || err.Error() == "" && len(b) == 0 {
			t.Error("bytes that tell no failure gave none")
		}
	})
}

func FuzzOrder(f *testing.F) {
	f.Add([]byte{0, 0, 1, 'f', 1, 'n', 0, 0, 0, 1, 2, 3})
	f.Fuzz(func(_ *testing.T, b []byte) { _ = mp.DecodeOrder(b) })
}

func FuzzHandle(f *testing.F) {
	for _, h := range []interface{ MarshalBinary() ([]byte, error) }{mp.NewLock(), mp.NewValue(1), mp.NewRawValue(1)} {
		b, err := h.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = new(mp.Lock).UnmarshalBinary(b)
		_ = new(mp.RawValue[int]).UnmarshalBinary(b)
		v := new(mp.Value[int])
		if v.UnmarshalBinary(b) == nil {
			v.Update(func(*int) {})
		}
	})
}

func FuzzCall(f *testing.F) {
	b, err := addOne(mp.NewValue(1)).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(_ *testing.T, b []byte) { _ = new(mp.Call[int]).UnmarshalBinary(b) })
}
