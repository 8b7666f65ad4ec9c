package bench

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/multiproc/mp/internal/codec"
)

type order struct {
	ID      int
	Name    string
	Price   float64
	Tags    []string
	Shipped time.Time
}

type series struct {
	Name   string
	Points []float64
}

var (
	anOrder = order{7, "anvil", 99.5, []string{"heavy", "iron"}, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
	floats  = func() []float64 {
		f := make([]float64, 1000)
		for i := range f {
			f[i] = float64(i) / 3
		}
		return f
	}()
	orders = map[string][]order{"a": {anOrder, anOrder, anOrder}, "b": {anOrder, anOrder}}
	loose  = map[string]any{"id": int64(7), "name": "anvil", "price": 99.5, "tags": []any{"heavy", "iron"}, "in": map[string]any{"x": true}}
)

// BenchmarkCodec encodes and decodes each value once an iteration, by each codec.
func BenchmarkCodec(b *testing.B) {
	b.Run("Int", each(42))
	b.Run("String", each("a string of thirty-two characters"))
	b.Run("Point", each(struct{ X, Y int }{1, 2}))
	b.Run("Floats1000", each(floats))
	b.Run("Samples", each(series{"s", floats}))
	b.Run("Order", each(anOrder))
	b.Run("Orders", each(orders))
	b.Run("Any", each(loose))
}

func each[T any](v T) func(*testing.B) {
	return func(b *testing.B) {
		b.Run("codec", func(b *testing.B) { ours(b, v) })
		b.Run("cbor", func(b *testing.B) { byCBOR(b, v) })
		b.Run("json", func(b *testing.B) {
			rival(b, v, func(v *T) ([]byte, error) { return json.Marshal(v) }, func(data []byte, v *T) error { return json.Unmarshal(data, v) })
		})
		b.Run("gob", func(b *testing.B) { byGob(b, v) })
	}
}

// ours writes into a buffer that is kept, as the callers in package mp do.
func ours[T any](b *testing.B, v T) {
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buffer, err = codec.Append(buffer[:0], v); err != nil {
			b.Fatal(err)
		}
		if _, err = codec.Decode[T](buffer); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(buffer)), "bytes")
}

// byCBOR uses the modes that lose the least: tagged times, integers as int64 or an error, any bytes in strings.
func byCBOR[T any](b *testing.B, v T) {
	enc, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano, TimeTag: cbor.EncTagRequired}.EncMode()
	if err != nil {
		b.Fatal(err)
	}
	dec, err := cbor.DecOptions{IntDec: cbor.IntDecConvertSignedOrFail, UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	if err != nil {
		b.Fatal(err)
	}
	rival(b, v, func(v *T) ([]byte, error) { return enc.Marshal(v) }, func(data []byte, v *T) error { return dec.Unmarshal(data, v) })
}

// byGob makes an encoder and a decoder each time, because a message must be readable alone.
func byGob[T any](b *testing.B, v T) {
	gob.Register([]any{})
	gob.Register(map[string]any{})
	rival(b, v, func(v *T) ([]byte, error) {
		var buffer bytes.Buffer
		err := gob.NewEncoder(&buffer).Encode(v)
		return buffer.Bytes(), err
	}, func(data []byte, v *T) error { return gob.NewDecoder(bytes.NewReader(data)).Decode(v) })
}

func rival[T any](b *testing.B, v T, enc func(*T) ([]byte, error), dec func([]byte, *T) error) {
	var size int
	b.ReportAllocs()
	for b.Loop() {
		data, err := enc(&v)
		if err != nil {
			b.Fatal(err)
		}
		var w T
		if err := dec(data, &w); err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	b.ReportMetric(float64(size), "bytes")
}
