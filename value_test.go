//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

type room struct {
	Now, Most int
	name      [16]byte
}

var (
	addMany = mp.Proc2(func(_ context.Context, v *mp.Value[int64], n int) error {
		for i := range n {
			if i%2 == 0 {
				mp.Add(v, 1)
			} else {
				v.Update(func(x *int64) { *x++ })
			}
		}
		return nil
	})
	addRooms = mp.Proc2(func(_ context.Context, v *mp.Value[room], n int) error {
		for range n {
			v.Update(func(r *room) { r.Now++; r.Most = r.Now })
			if r := v.Load(); r.Now != r.Most {
				return fmt.Errorf("torn: %v", r)
			}
		}
		return nil
	})
	dieInUpdate = mp.Proc2(func(_ context.Context, v *mp.Value[room], g gate) error {
		v.Update(func(r *room) {
			r.Now = 666
			g.pass()
			select {}
		})
		return nil
	})
)

func TestValueBetweenProcesses(t *testing.T) {
	const processes, rounds = 4, 2000
	word, large := mp.NewValue(int64(0)), mp.NewValue(room{})
	var g mp.Group
	for range processes {
		g.Start(context.Background(), addMany(word, rounds))
		g.Start(context.Background(), addRooms(large, rounds))
	}
	if err := g.Join(); err != nil {
		t.Fatal(err)
	}
	if got := word.Load(); got != processes*rounds {
		t.Errorf("word: %d", got)
	}
	if got := large.Load(); got.Now != processes*rounds || got.Most != got.Now {
		t.Errorf("struct: %v", got)
	}
}

func testValue[T comparable](t *testing.T, a, b T) {
	t.Helper()
	v := mp.NewValue(a)
	if got := v.Load(); got != a {
		t.Errorf("%T: made %v, loaded %v", a, a, got)
	}
	v.Store(b)
	if got := v.Load(); got != b {
		t.Errorf("%T: stored %v, loaded %v", a, b, got)
	}
	if v.CompareAndSwap(a, a) || !v.CompareAndSwap(b, a) || v.Load() != a {
		t.Errorf("%T: CompareAndSwap", a)
	}
	v.Update(func(x *T) { *x = b })
	if got := v.Load(); got != b {
		t.Errorf("%T: updated to %v, loaded %v", a, b, got)
	}
	enough := errors.New("enough")
	err := v.UpdateContext(context.Background(), func(x *T) error { *x = a; return enough })
	if !errors.Is(err, enough) || v.Load() != b {
		t.Errorf("%T: a failed update has changed the value: %v, %v", a, err, v.Load())
	}
	func() {
		defer func() { _ = recover() }()
		v.Update(func(x *T) { *x = a; panic("no") })
	}()
	if v.Load() != b {
		t.Errorf("%T: a panic in an update has changed the value", a)
	}
	if err := v.UpdateContext(context.Background(), func(x *T) error { *x = a; return nil }); err != nil || v.Load() != a {
		t.Errorf("%T: the value is not usable after a panic: %v", a, err)
	}
}

func TestValueOfEverySize(t *testing.T) {
	testValue(t, false, true)
	testValue(t, int8(-1), 1)
	testValue(t, int16(-2), 2)
	testValue(t, int32(-3), 3)
	testValue(t, -4, 4)
	testValue(t, 1.5, -2.5)
	testValue(t, float32(1.5), -2.5)
	testValue(t, complex(1, 2), complex(3, 4))
	testValue(t, [3]byte{1, 2, 3}, [3]byte{4, 5, 6})
	testValue(t, [7]byte{1}, [7]byte{6: 1})
	testValue(t, struct {
		A uint8
		B uint32
	}{1, 2}, struct {
		A uint8
		B uint32
	}{3, 4})
	testValue(t, room{Now: 1}, room{Most: 2, name: [16]byte{15: 'x'}})
	testValue(t, [1000]int{1}, [1000]int{999: 2})
	testValue(t, [100_000]float64{1}, [100_000]float64{99_999: 2})
}

func testAdd[T mp.Integer](t *testing.T, from, delta, sum T) {
	t.Helper()
	v := mp.NewValue(from)
	if got := mp.Add(v, delta); got != sum || v.Load() != sum {
		t.Errorf("%T: %v + %v gave %v, then %v", from, from, delta, got, v.Load())
	}
}

func TestAdd(t *testing.T) {
	testAdd(t, 1, 2, 3)
	testAdd(t, int32(1), -2, -1)
	testAdd(t, int32(1<<31-1), 1, -1<<31)
	testAdd(t, int64(-1), 1, 0)
	testAdd(t, uint32(1<<32-1), 1, 0)
	testAdd(t, uint64(1<<64-1), 2, 1)
	testAdd(t, time.Second, time.Second, 2*time.Second)
}

func TestUpdateOfTheKilledHasNotHappened(t *testing.T) {
	v, g := mp.NewValue(room{Now: 1}), newGate()
	p := start(t, dieInUpdate(v, g))
	g.wait(t, 1)
	if got := v.Load(); got.Now != 1 {
		t.Errorf("half an update can be seen: %v", got)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the next update", func() { v.Update(func(r *room) { r.Now++ }) })
	if got := v.Load(); got.Now != 2 {
		t.Errorf("got %v", got)
	}
}

// Where == is that of the bits, CompareAndSwap waits for nobody; the Update that it overtakes begins again.
func TestCompareAndSwapDoesNotWait(t *testing.T) {
	v := mp.NewValue([2]int32{1, 2})
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	var seen [][2]int32
	wg.Go(func() {
		v.Update(func(x *[2]int32) {
			if seen = append(seen, *x); len(seen) == 1 {
				close(inside)
				<-leave
			}
			x[0]++
		})
	})
	<-inside
	within(t, 5*time.Second, "CompareAndSwap beside an Update", func() {
		if v.CompareAndSwap([2]int32{1, 3}, [2]int32{}) || !v.CompareAndSwap([2]int32{1, 2}, [2]int32{10, 20}) {
			t.Errorf("it did not compare: %v", v.Load())
		}
	})
	close(leave)
	wg.Wait()
	if got := v.Load(); got != [2]int32{11, 20} || len(seen) != 2 {
		t.Errorf("%v, and Update saw %v", got, seen)
	}
}

// A float is compared as Go compares it, and so is a struct, whatever lies in its gaps.
func TestCompareAndSwapIsGos(t *testing.T) {
	zero := mp.NewValue(math.Copysign(0, -1))
	if !zero.CompareAndSwap(0, 1) || zero.Load() != 1 {
		t.Errorf("-0 == 0, and was not swapped: %v", zero.Load())
	}
	if nan := mp.NewValue(math.NaN()); nan.CompareAndSwap(math.NaN(), 1) {
		t.Error("NaN != NaN, and was swapped")
	}
}

func TestUpdateContextGivesUp(t *testing.T) {
	v := mp.NewValue(room{})
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { v.Update(func(*room) { close(inside); <-leave }) })
	<-inside
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := v.UpdateContext(ctx, func(*room) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(leave)
	wg.Wait()
}

func TestRawValue(t *testing.T) {
	v := mp.NewRawValue(room{Now: 3})
	v.Ptr().Now++
	v.Store(room{Now: v.Load().Now + 1})
	if got := v.Load().Now; got != 5 {
		t.Errorf("got %d", got)
	}
	runtime.KeepAlive(v)
}

func TestNotPlain(t *testing.T) {
	type person struct {
		Age  int
		Name struct{ First string }
	}
	for name, f := range map[string]func(){
		"NewValue":    func() { mp.NewValue(person{}) },
		"NewRawValue": func() { mp.NewRawValue(person{}) },
	} {
		func() {
			defer func() {
				text := fmt.Sprint(recover())
				for _, part := range []string{"person", "Name.First", "string"} {
					if !strings.Contains(text, part) {
						t.Errorf("%s: %q does not say %q", name, text, part)
					}
				}
			}()
			f()
		}()
	}
}
