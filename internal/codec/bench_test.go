package codec_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/codec"
)

// The benchmark behind docs/adr/0002-codec.md: each value is encoded and decoded once an iteration. bench/ has the same
// values, and third-party rivals.
//
//	go test -run - -bench . -benchmem -count 5 ./internal/codec

type order struct {
	ID      int
	Name    string
	Price   float64
	Tags    []string
	Shipped time.Time
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
	samples = struct {
		Name   string
		Points []float64
	}{"s", floats}
	orders = map[string][]order{"a": {anOrder, anOrder, anOrder}, "b": {anOrder, anOrder}}
	words  = func() map[string]int {
		m := make(map[string]int)
		for i := range 100_000 {
			m["word "+strconv.Itoa(i*i)] = i
		}
		return m
	}()
	loose = map[string]any{"id": int64(7), "name": "anvil", "price": 99.5, "tags": []any{"heavy", "iron"}, "in": map[string]any{"x": true}}
)

func BenchmarkInt(b *testing.B)         { bench(b, 42) }
func BenchmarkString(b *testing.B)      { bench(b, "a string of thirty-two characters") }
func BenchmarkPoint(b *testing.B)       { bench(b, struct{ X, Y int }{1, 2}) }
func BenchmarkFloats1000(b *testing.B)  { bench(b, floats) }
func BenchmarkSamples(b *testing.B)     { bench(b, samples) }
func BenchmarkOrder(b *testing.B)       { bench(b, anOrder) }
func BenchmarkOrders(b *testing.B)      { bench(b, orders) }
func BenchmarkWords100000(b *testing.B) { bench(b, words) }
func BenchmarkAny(b *testing.B)         { bench(b, loose) }

func BenchmarkHandles(b *testing.B) {
	ours(b, struct {
		N int
		H *handle[int]
	}{1, newHandle(1)})
}

func bench[T any](b *testing.B, v T) {
	b.Run("codec", func(b *testing.B) { ours(b, v) })
	b.Run("json", func(b *testing.B) {
		rival[T](b, v, func(v *T) ([]byte, error) { return json.Marshal(v) }, func(data []byte, v *T) error { return json.Unmarshal(data, v) })
	})
	b.Run("gob", func(b *testing.B) {
		gob.Register([]any{})
		gob.Register(map[string]any{})
		rival[T](b, v, func(v *T) ([]byte, error) {
			var buffer bytes.Buffer
			err := gob.NewEncoder(&buffer).Encode(v)
			return buffer.Bytes(), err
		}, func(data []byte, v *T) error { return gob.NewDecoder(bytes.NewReader(data)).Decode(v) })
	})
}

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

func BenchmarkAppendInt(b *testing.B) {
	var buffer []byte
	for b.Loop() {
		buffer, _ = codec.Append(buffer[:0], 42)
	}
}

func BenchmarkDecodeInt(b *testing.B) {
	buffer, _ := codec.Append(nil, 42)
	for b.Loop() {
		_, _ = codec.Decode[int](buffer)
	}
}
