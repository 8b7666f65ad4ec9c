//go:build linux

package mp_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/multiproc/mp"
)

// What _TestValue, _TestArray and _TestSharedCTypes of CPython's _test_multiprocessing.py ask for.

type (
	numbers struct {
		I *mp.Value[int32]
		D *mp.Value[float64]
		H *mp.Value[int16]
		Q *mp.Value[int64]
		C *mp.Value[byte]
	}
	rawNumbers struct {
		I *mp.RawValue[int32]
		D *mp.RawValue[float64]
		H *mp.RawValue[int16]
		Q *mp.RawValue[int64]
		C *mp.RawValue[byte]
	}
	foo struct {
		X int32
		Y float64
		Z int64
	}
)

var (
	setNumbers = mp.Proc(func(_ context.Context, v numbers) error {
		v.I.Store(24234)
		v.D.Store(-4.25)
		v.H.Store(234)
		v.Q.Store(1 << 34)
		v.C.Store('y')
		return nil
	})
	setRawNumbers = mp.Proc(func(_ context.Context, v rawNumbers) error {
		v.I.Store(24234)
		v.D.Store(-4.25)
		v.H.Store(234)
		*v.Q.Ptr() = 1 << 34
		v.C.Store('y')
		return nil
	})
)

// test_value
func TestValuesOfAnotherProcess(t *testing.T) {
	v := numbers{mp.NewValue[int32](4343), mp.NewValue(3.625), mp.NewValue[int16](-232), mp.NewValue[int64](1 << 33), mp.NewValue[byte]('x')}
	if v.I.Load() != 4343 || v.D.Load() != 3.625 || v.H.Load() != -232 || v.Q.Load() != 1<<33 || v.C.Load() != 'x' {
		t.Error("not what they were made of")
	}
	if _, err := mp.Run(t.Context(), setNumbers(v)); err != nil {
		t.Fatal(err)
	}
	if v.I.Load() != 24234 || v.D.Load() != -4.25 || v.H.Load() != 234 || v.Q.Load() != 1<<34 || v.C.Load() != 'y' {
		t.Error("not what the other process has stored")
	}
}

// test_rawvalue
func TestRawValuesOfAnotherProcess(t *testing.T) {
	v := rawNumbers{mp.NewRawValue[int32](4343), mp.NewRawValue(3.625), mp.NewRawValue[int16](-232), mp.NewRawValue[int64](1 << 33), mp.NewRawValue[byte]('x')}
	if v.I.Load() != 4343 || v.D.Load() != 3.625 || v.H.Load() != -232 || v.Q.Load() != 1<<33 || v.C.Load() != 'x' {
		t.Error("not what they were made of")
	}
	if _, err := mp.Run(t.Context(), setRawNumbers(v)); err != nil {
		t.Fatal(err)
	}
	if v.I.Load() != 24234 || v.D.Load() != -4.25 || v.H.Load() != 234 || v.Q.Load() != 1<<34 || v.C.Load() != 'y' {
		t.Error("not what the other process has stored")
	}
}

func sums(x []int32) {
	for i := range x[1:] {
		x[i+1] += x[i]
	}
}

var (
	sumArray = mp.Proc(func(_ context.Context, a *mp.Array[int32]) error {
		for i := 1; i < a.Len(); i++ {
			a.Set(i, a.At(i)+a.At(i-1))
		}
		return nil
	})
	sumRawArray = mp.Proc(func(_ context.Context, a *mp.RawArray[int32]) error {
		sums(a.Slice())
		runtime.KeepAlive(a)
		return nil
	})
)

// test_array
func TestArrayOfAnotherProcess(t *testing.T) {
	seq := []int32{680, 626, 934, 821, 150, 233, 548, 982, 714, 831}
	a := mp.NewArrayOf(seq)
	part := make([]int32, 7)
	a.CopyTo(part)
	if a.Len() != len(seq) || a.At(3) != seq[3] || !slices.Equal(part[2:7], seq[2:7]) {
		t.Errorf("made of %v, it is %v", seq, slices.Collect(values(a)))
	}
	copy(seq[4:8], []int32{1, 2, 3, 4})
	a.With(func(x []int32) { copy(x[4:8], seq[4:8]) })
	if got := slices.Collect(values(a)); !slices.Equal(got, seq) {
		t.Errorf("%v, want %v", got, seq)
	}
	sums(seq)
	if _, err := mp.Run(t.Context(), sumArray(a)); err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(values(a)); !slices.Equal(got, seq) {
		t.Errorf("%v, want %v", got, seq)
	}
}

// test_rawarray
func TestRawArrayOfAnotherProcess(t *testing.T) {
	seq := []int32{680, 626, 934, 821, 150, 233, 548, 982, 714, 831}
	a := mp.NewRawArrayOf(seq)
	copy(seq[4:8], []int32{1, 2, 3, 4})
	copy(a.Slice()[4:8], seq[4:8])
	sums(seq)
	if _, err := mp.Run(t.Context(), sumRawArray(a)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Slice(), seq) {
		t.Errorf("%v, want %v", a.Slice(), seq)
	}
}

// test_array_from_size: memory that others have used before is zero.
func TestArrayFromSize(t *testing.T) {
	dirt, zeros := make([]int32, 10), make([]int32, 10)
	for i := range dirt {
		dirt[i] = rand.Int32() | 1
	}
	for range 200 {
		for _, n := range []int{10, 20_000} {
			a := mp.NewArray[int32](n)
			a.With(func(x []int32) {
				if len(x) != n || !slices.Equal(x[:10], zeros) || !slices.Equal(x[n-10:], zeros) {
					t.Fatalf("new: %v … %v", x[:10], x[n-10:])
				}
				copy(x, dirt)
				copy(x[n-10:], dirt)
			})
		}
		runtime.GC()
	}
}

var (
	double = mp.Proc(func(_ context.Context, s sharedTypes) error {
		s.X.Update(func(x *int32) { *x *= 2 })
		s.Y.Update(func(y *float64) { *y *= 2 })
		s.Z.Update(func(z *int64) { *z *= 2 })
		s.Foo.Update(func(f *foo) { f.X *= 2; f.Y *= 2 })
		for i := range s.Arr.Len() {
			s.Arr.Update(i, func(x *float64) { *x *= 2 })
		}
		return mp.SetText(s.Text, mp.Text(s.Text)+mp.Text(s.Text))
	})
	doubleRaw = mp.Proc(func(_ context.Context, s rawTypes) error {
		*s.X.Ptr() *= 2
		s.Foo.Ptr().X *= 2
		s.Foo.Ptr().Y *= 2
		for i := range s.Arr.Slice() {
			s.Arr.Slice()[i] *= 2
		}
		return mp.SetText(s.Text, mp.Text(s.Text)+mp.Text(s.Text))
	})
)

type (
	sharedTypes struct {
		X    *mp.Value[int32]
		Y    *mp.Value[float64]
		Z    *mp.Value[int64]
		Foo  *mp.Value[foo]
		Arr  *mp.Array[float64]
		Text *mp.Array[byte]
	}
	rawTypes struct {
		X    *mp.RawValue[int32]
		Foo  *mp.RawValue[foo]
		Arr  *mp.RawArray[float64]
		Text *mp.RawArray[byte]
	}
)

// test_synchronize
func TestSharedTypes(t *testing.T) {
	s := sharedTypes{
		mp.NewValue[int32](7), mp.NewValue(1.0 / 3), mp.NewValue[int64](1 << 33), mp.NewValue(foo{X: 3, Y: 2}),
		mp.NewArrayOf([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), mp.NewArray[byte](20),
	}
	if err := mp.SetText(s.Text, "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := mp.Run(t.Context(), double(s)); err != nil {
		t.Fatal(err)
	}
	if s.X.Load() != 14 || s.Y.Load() != 2.0/3 || s.Z.Load() != 1<<34 || s.Foo.Load() != (foo{X: 6, Y: 4}) || mp.Text(s.Text) != "hellohello" {
		t.Errorf("%v %v %v %v %q", s.X.Load(), s.Y.Load(), s.Z.Load(), s.Foo.Load(), mp.Text(s.Text))
	}
	for i, x := range s.Arr.All() {
		if x != float64(2*i) {
			t.Errorf("element %d is %v", i, x)
		}
	}
}

// test_sharedctypes
func TestRawTypes(t *testing.T) {
	s := rawTypes{
		mp.NewRawValue[int32](7), mp.NewRawValue(foo{X: 3, Y: 2}),
		mp.NewRawArrayOf([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), mp.NewRawArray[byte](20),
	}
	if err := mp.SetText(s.Text, "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := mp.Run(t.Context(), doubleRaw(s)); err != nil {
		t.Fatal(err)
	}
	if s.X.Load() != 14 || s.Foo.Load() != (foo{X: 6, Y: 4}) || mp.Text(s.Text) != "hellohello" {
		t.Errorf("%v %v %q", s.X.Load(), s.Foo.Load(), mp.Text(s.Text))
	}
	for i, x := range s.Arr.Slice() {
		if x != float64(2*i) {
			t.Errorf("element %d is %v", i, x)
		}
	}
}

// test_copy
func TestCopyOfAValue(t *testing.T) {
	v := mp.NewRawValue(foo{2, 5, 1 << 33})
	w := mp.NewRawValue(v.Load())
	*v.Ptr() = foo{}
	if w.Load() != (foo{2, 5, 1 << 33}) {
		t.Errorf("the copy is %v", w.Load())
	}
}

// test_free_from_gc: what the garbage collector frees, while others allocate, blocks nobody.
func TestFreedByTheCollector(t *testing.T) {
	type buddy struct {
		a    *mp.RawArray[byte]
		with *buddy
	}
	for i := range 5000 {
		a, b := &buddy{a: mp.NewRawArray[byte](1, mp.Name("buddy"))}, &buddy{a: mp.NewRawArray[byte](1, mp.Name("buddy"))}
		a.with, b.with = b, a // a cycle, which a count of references would not free
		if i%50 == 0 {
			runtime.GC()
		}
	}
	shrinks(t, "buddy", 0)
}
