//go:build linux

package mp_test

import (
	"bytes"
	"encoding/binary"
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
		for _, past := range pastHandles(f, b) {
			f.Add(past)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v := new(mp.Value[int])
		for _, h := range []handle{new(mp.Lock), new(mp.RawValue[int]), v} {
			if h.UnmarshalBinary(b) != nil {
				continue
			}
			if again, err := h.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%x was taken for the handle %x (%v)", b, again, err)
			}
			if h == v {
				v.Update(func(*int) {})
			}
		}
	})
}

type handle interface {
	MarshalBinary() ([]byte, error)
	UnmarshalBinary(b []byte) error
}

// pastHandles are a handle with its index, and with its generation, 2³² further: what 32 bits of them say is the same.
func pastHandles(t testing.TB, b []byte) [][]byte {
	t.Helper()
	id, n := binary.Uvarint(b)
	index, m := binary.Uvarint(b[n:])
	generation, _ := binary.Uvarint(b[n+m:])
	past := func(index, generation uint64) []byte {
		return binary.AppendUvarint(binary.AppendUvarint(binary.AppendUvarint(nil, id), index), generation)
	}
	if !bytes.Equal(past(index, generation), b) {
		t.Fatalf("%x is not id, index and generation", b)
	}
	return [][]byte{past(index+1<<32, generation), past(index, generation+1<<32)}
}

func FuzzCall(f *testing.F) {
	b, err := addOne(mp.NewValue(1)).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(_ *testing.T, b []byte) { _ = new(mp.Call[int]).UnmarshalBinary(b) })
}
