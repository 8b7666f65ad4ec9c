//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// testArray goes through what an array does with two different elements.
func testArray[T comparable](t *testing.T, x, y T) {
	t.Helper()
	var zero T
	a := mp.NewArray[T](3)
	if got := slices.Collect(values(a)); !slices.Equal(got, []T{zero, zero, zero}) || a.Len() != 3 {
		t.Errorf("%T: made %v", x, got)
	}
	a.Set(1, x)
	if got := slices.Collect(values(a)); !slices.Equal(got, []T{zero, x, zero}) || a.At(1) != x {
		t.Errorf("%T: set 1, got %v", x, got)
	}
	a.Update(2, func(e *T) { *e = y })
	enough := errors.New("enough")
	if err := a.UpdateContext(t.Context(), 1, func(e *T) error { *e = y; return enough }); err != enough {
		t.Errorf("%T: %v", x, err)
	}
	if err := a.UpdateContext(t.Context(), 0, func(e *T) error { *e = y; return nil }); err != nil {
		t.Errorf("%T: %v", x, err)
	}
	if p := caught(func() { a.Update(1, func(e *T) { *e = y; panic("no") }) }); p != "no" {
		t.Errorf("%T: Update panicked with %v", x, p)
	}
	got := make([]T, 5)
	if n := a.CopyTo(got); n != 3 || !slices.Equal(got, []T{y, x, y, zero, zero}) {
		t.Errorf("%T: %d copied: %v", x, n, got)
	}
	if n := a.CopyFrom([]T{x, x, x, y}); n != 3 || a.At(2) != x {
		t.Errorf("%T: %d copied, %v", x, n, a.At(2))
	}
	a.With(func(elements []T) {
		if len(elements) != 3 || cap(elements) != 3 {
			t.Errorf("%T: With got %d of %d elements", x, len(elements), cap(elements))
		}
		elements[0] = y
	})
	if b := mp.NewArrayOf([]T{y, x, x}); !slices.Equal(slices.Collect(values(a)), slices.Collect(values(b))) {
		t.Errorf("%T: %v, %v", x, slices.Collect(values(a)), slices.Collect(values(b)))
	}
	if r := mp.NewRawArrayOf([]T{x, y}); r.Len() != 2 || !slices.Equal(r.Slice(), []T{x, y}) || cap(r.Slice()) != 2 {
		t.Errorf("%T: raw %v", x, r.Slice())
	}
}

func values[T any](a *mp.Array[T]) func(func(T) bool) {
	return func(yield func(T) bool) {
		for _, x := range a.All() {
			if !yield(x) {
				return
			}
		}
	}
}

// caught is what f panics with; nil: it does not.
func caught(f func()) (p any) {
	defer func() { p = recover() }()
	f()
	return nil
}

func TestArrayOfEverySize(t *testing.T) {
	testArray(t, true, true)
	testArray[int8](t, -1, 1)
	testArray[uint8](t, 200, 1)
	testArray[int16](t, -2, 2)
	testArray[int32](t, -3, 3)
	testArray(t, -4, 4)
	testArray(t, 1.5, -2.5)
	testArray[float32](t, 1.5, -2.5)
	testArray(t, complex(1, 2), complex(3, 4))
	testArray(t, [2]byte{1, 2}, [2]byte{3, 4})
	testArray(t, [3]byte{1, 2, 3}, [3]byte{4, 5, 6})
	testArray(t, [4]byte{1, 2, 3, 4}, [4]byte{5})
	testArray(t, [5]byte{1}, [5]byte{4: 1})
	testArray(t, [7]byte{1}, [7]byte{6: 1})
	testArray(t, [8]byte{1}, [8]byte{7: 1})
	testArray(t, [9]byte{1}, [9]byte{8: 1})
	testArray(t, struct{ A, B uint16 }{1, 2}, struct{ A, B uint16 }{3, 4})
	testArray(t, room{Now: 1}, room{Most: 2, name: [16]byte{15: 'x'}})
	testArray(t, [1000]int{1}, [1000]int{999: 2})
	testArray(t, struct{}{}, struct{}{})
}

// Neighbours in one word do not disturb each other.
func testNeighbours[T comparable](t *testing.T, next func(T) T) {
	t.Helper()
	const rounds = 3000
	a := mp.NewArray[T](4)
	var wg sync.WaitGroup
	for i := range a.Len() {
		wg.Go(func() {
			var want T
			for n := range rounds {
				if got := a.At(i); got != want {
					t.Errorf("%T: element %d is %v, want %v", want, i, got, want)
					return
				}
				if want = next(want); n%2 == 0 {
					a.Set(i, want)
				} else {
					a.Update(i, func(x *T) { *x = next(*x) })
				}
			}
		})
	}
	wg.Wait()
}

func TestArrayNeighbours(t *testing.T) {
	testNeighbours(t, func(x uint8) uint8 { return x + 1 })
	testNeighbours(t, func(x uint16) uint16 { return x + 1 })
	testNeighbours(t, func(x uint32) uint32 { return x + 1 })
	testNeighbours(t, func(x uint64) uint64 { return x + 1 })
	testNeighbours(t, func(x [3]byte) [3]byte { x[0]++; x[2]--; return x })
	testNeighbours(t, func(x room) room { x.Now++; return x })
}

func TestArrayIndex(t *testing.T) {
	words, large := mp.NewArray[int](3), mp.NewArray[room](3)
	for name, f := range map[string]func(i int){
		"At": func(i int) { words.At(i) }, "At of a large one": func(i int) { large.At(i) },
		"Set": func(i int) { words.Set(i, 1) }, "Set of a large one": func(i int) { large.Set(i, room{}) },
		"Update":        func(i int) { words.Update(i, func(*int) {}) },
		"UpdateContext": func(i int) { _ = large.UpdateContext(t.Context(), i, func(*room) error { return nil }) },
	} {
		for i, want := range map[int]string{3: "index out of range [3] with length 3", -1: "index out of range [-1]"} {
			if got, ok := caught(func() { f(i) }).(runtime.Error); !ok || !strings.Contains(got.Error(), want) {
				t.Errorf("%s(%d) panicked with %v", name, i, got)
			}
		}
	}
	within(t, 5*time.Second, "With after a wrong index", func() { words.With(func([]int) {}); large.With(func([]room) {}) })
}

func TestArrayRefuses(t *testing.T) {
	type person struct{ Name string }
	for what, f := range map[string]func(){
		"NewArray: -1 elements":                        func() { mp.NewArray[int](-1) },
		"NewRawArray: -7 elements":                     func() { mp.NewRawArray[int](-7) },
		"person is not plain data: field Name":         func() { mp.NewArray[person](1) },
		"*int is not plain data: it is a pointer":      func() { mp.NewRawArrayOf([]*int{nil}) },
		"asked for 9223372036854775807 bytes":          func() { mp.NewArray[room](math.MaxInt) },
		"asked for 549755813952 bytes":                 func() { mp.NewRawArray[float64](1 << 36) },
		"asked for 549755813952 bytes, 68":             func() { mp.NewArray[float64](1<<36, mp.Sparse) },
		"is a Array[int64], not a Array[uint64]":       func() { reopen(mp.NewArray[int64](1), new(mp.Array[uint64])) },
		"is a Array[int64], not a RawArray[int64]":     func() { reopen(mp.NewArray[int64](1), new(mp.RawArray[int64])) },
		"is a Value[int64], not a Array[int64]":        func() { reopen(mp.NewValue[int64](1), new(mp.Array[int64])) },
		"a zero Array cannot travel: make it with New": func() { reopen(new(mp.Array[int64]), new(mp.Array[int64])) },
	} {
		if got := fmt.Sprint(caught(f)); !strings.Contains(got, what) {
			t.Errorf("got  %s\nwant %s", got, what)
		}
	}
}

// reopen makes b a handle of what a is one of.
func reopen(a interface{ MarshalBinary() ([]byte, error) }, b interface{ UnmarshalBinary([]byte) error }) {
	text, err := a.MarshalBinary()
	if err == nil {
		err = b.UnmarshalBinary(text)
	}
	runtime.KeepAlive(a)
	if err != nil {
		panic(err)
	}
}

var (
	changeRooms = mp.Proc2(func(_ context.Context, a *mp.Array[room], rounds int) error {
		for n := range rounds {
			i := n % a.Len()
			a.Update(i, func(r *room) { r.Now++; r.Most++ })
			if r := a.At((n + 1) % a.Len()); r.Now != r.Most {
				return fmt.Errorf("torn: %v", r)
			}
		}
		return nil
	})
	addEach = mp.Proc2(func(_ context.Context, a *mp.Array[int32], rounds int) error {
		for n := range rounds {
			a.Update(n%a.Len(), func(x *int32) { *x++ })
		}
		return nil
	})
	setAll = mp.Proc2(func(_ context.Context, a *mp.Array[room], n int) error {
		for range n {
			a.With(func(rooms []room) {
				for i := range rooms {
					rooms[i].Now += 10
					rooms[i].Most += 10
				}
			})
		}
		return nil
	})
)

func TestArrayBetweenProcesses(t *testing.T) {
	const processes, rounds = 3, 2000
	words, rooms := mp.NewArray[int32](4), mp.NewArray[room](4)
	var g mp.Group
	for range processes {
		g.Start(t.Context(), addEach(words, rounds))
		g.Start(t.Context(), changeRooms(rooms, rounds))
	}
	g.Start(t.Context(), setAll(rooms, rounds/10))
	if err := g.Join(); err != nil {
		t.Fatal(err)
	}
	sum, all := int32(0), 0
	for i, x := range words.All() {
		sum, all = sum+x, all+rooms.At(i).Now
	}
	if want := processes*rounds + 4*10*rounds/10; sum != processes*rounds || all != want {
		t.Errorf("%d updates of words, %d of structs; want %d, %d", sum, all, processes*rounds, want)
	}
}

// What overtakes an Update of a word makes it begin again.
func TestArrayUpdateIsOvertaken(t *testing.T) {
	a := mp.NewArray[uint16](3)
	var seen []uint16
	a.Update(1, func(x *uint16) {
		if seen = append(seen, *x); len(seen) == 1 {
			a.Set(0, 77) // a neighbour: no reason
			a.Set(1, 5)
		}
		*x++
	})
	if got := slices.Collect(values(a)); !slices.Equal(seen, []uint16{0, 5}) || !slices.Equal(got, []uint16{77, 6, 0}) {
		t.Errorf("Update saw %v, made %v", seen, got)
	}
}

func TestArrayIsSorted(t *testing.T) {
	want := []float64{3, -1, 2.5, 0}
	a, r := mp.NewArrayOf(want), mp.NewRawArrayOf(want)
	slices.Sort(want)
	a.With(slices.Sort)
	slices.Sort(r.Slice())
	if got := slices.Collect(values(a)); !slices.Equal(got, want) || !slices.Equal(r.Slice(), want) {
		t.Errorf("%v, %v", got, r.Slice())
	}
}

var touchFar = mp.Proc2(func(_ context.Context, a *mp.Array[room], r *mp.RawArray[byte]) error {
	a.Set(a.Len()/2, room{Now: 7})
	r.Slice()[r.Len()-1] = 9
	return nil
})

func TestSparseArrays(t *testing.T) {
	func() {
		a, r := mp.NewArray[room](1<<27, mp.Sparse, mp.Name("sparse")), mp.NewRawArray[byte](16<<30, mp.Sparse, mp.Name("sparse"))
		if _, err := mp.Run(t.Context(), touchFar(a, r)); err != nil {
			t.Fatal(err)
		}
		if a.At(1<<26).Now != 7 || a.At(5).Now != 0 || r.Slice()[16<<30-1] != 9 {
			t.Error("what was written is not there")
		}
		if n := memory(t, "sparse"); n < 20<<30 {
			t.Errorf("they have %d bytes", n)
		}
	}()
	shrinks(t, "sparse", 0)
}

func TestArrayAllStops(t *testing.T) {
	var seen []int
	for i, x := range mp.NewArrayOf([]int{5, 6, 7}).All() {
		if seen = append(seen, i, x); i == 1 {
			break
		}
	}
	if want := []int{0, 5, 1, 6}; !reflect.DeepEqual(seen, want) {
		t.Errorf("%v", seen)
	}
}

// A reader beside writers sees one change or the other, wherever in them it comes.
func TestArrayIsNeverTorn(t *testing.T) {
	type block [256]int64
	a := mp.NewArray[block](1)
	of := func(n int64) (b block) {
		for i := range b {
			b[i] = n
		}
		return b
	}
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := int64(1); !stop.Load(); n++ {
			a.Set(0, of(n))
			if n%8 == 0 {
				a.With(func(b []block) { b[0] = of(-n) })
			}
		}
	})
	for range 20_000 {
		b := a.At(0)
		if i := slices.IndexFunc(b[:], func(x int64) bool { return x != b[0] }); i >= 0 {
			t.Errorf("torn: %d and %d", b[0], b[i])
			break
		}
	}
	stop.Store(true)
	wg.Wait()
}
