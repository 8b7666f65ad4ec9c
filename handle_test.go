//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/multiproc/mp"
)

// toolbox has handles at every depth that an argument can have.
type toolbox struct {
	Direct  *mp.Value[int]
	Slice   []*mp.Value[int]
	Map     map[string]*mp.Value[int]
	Array   [2]*mp.Value[int]
	Nested  struct{ Inner *struct{ V *mp.Value[int] } }
	Nothing *mp.Value[int]
	Lock    *mp.Lock
	Raw     *mp.RawValue[pair]
	Call    mp.Call[int]
	Maker   func(*mp.Value[int]) mp.Call[int]
}

var (
	addOne = mp.Func(func(_ context.Context, v *mp.Value[int]) (int, error) { return mp.Add(v, 1), nil })

	useAll = mp.Proc(func(ctx context.Context, b toolbox) error {
		if b.Nothing != nil {
			return errors.New("a nil handle has become something")
		}
		all := append([]*mp.Value[int]{b.Direct, b.Nested.Inner.V}, b.Slice...)
		all = append(all, b.Array[:]...)
		for _, v := range b.Map {
			all = append(all, v)
		}
		for _, v := range all {
			b.Lock.Lock()
			v.Store(v.Load() + 1)
			b.Lock.Unlock()
		}
		b.Raw.Ptr().A = len(all)
		if _, err := b.Call.Here(ctx); err != nil {
			return err
		}
		_, err := mp.Run(ctx, b.Maker(b.Direct)) // in a grandchild
		return err
	})

	makeValue = mp.Func(func(_ context.Context, n int) (map[string]*mp.Value[int], error) {
		return map[string]*mp.Value[int]{"made": mp.NewValue(n, mp.Name("made by a child"))}, nil
	})
)

func TestHandlesArriveAtEveryDepth(t *testing.T) {
	v := mp.NewValue(0)
	box := toolbox{
		Direct: v, Slice: []*mp.Value[int]{v, v}, Map: map[string]*mp.Value[int]{"k": v}, Array: [2]*mp.Value[int]{v, v},
		Lock: mp.NewLock(), Raw: mp.NewRawValue(pair{}), Call: addOne(v), Maker: addOne,
	}
	box.Nested.Inner = &struct{ V *mp.Value[int] }{v}
	if err := start(t, useAll(box)).Join(); err != nil {
		t.Fatal(err)
	}
	if got := v.Load(); got != 9 || box.Raw.Load().A != 7 {
		t.Errorf("got %d increments of 9, %d handles of 7", got, box.Raw.Load().A)
	}
}

// An object made by a child lives on in the handle that its parent got from it, whatever became of the child.
func TestHandleInAResult(t *testing.T) {
	got, err := mp.Run(context.Background(), makeValue(41))
	if err != nil {
		t.Fatal(err)
	}
	for range 10 { // others end meanwhile, and are swept
		if _, err := mp.Run(context.Background(), makeValue(7)); err != nil {
			t.Fatal(err)
		}
	}
	if n := mp.Add(got["made"], 1); n != 42 {
		t.Errorf("got %d", n)
	}
}

// Objects that no process holds any more are freed, and their memory is used again.
func TestObjectsAreFreed(t *testing.T) {
	for range 50 {
		v := mp.NewValue([100_000]byte{}, mp.Name("freed value"))
		if _, err := mp.Run(context.Background(), touch(v)); err != nil {
			t.Fatal(err)
		}
	}
	shrinks(t, "freed value", 0)
}

var touch = mp.Func(func(_ context.Context, v *mp.Value[[100_000]byte]) (byte, error) {
	var first byte
	v.Update(func(x *[100_000]byte) { x[0]++; first = x[0] })
	return first, nil
})

// swapped is what a program with two versions of a type would do: the handle says so, and nothing is touched.
func TestHandleOfAnotherType(t *testing.T) {
	v := mp.NewValue(int32(1), mp.Name("small"))
	b, err := v.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var wrong mp.Value[float64]
	err = wrong.UnmarshalBinary(b)
	if _, ok := errors.AsType[*mp.TypeMismatchError](err); !ok || !strings.Contains(err.Error(), "int32") || !strings.Contains(err.Error(), "float64") {
		t.Errorf("got %v, expected an error that names both types", err)
	}
	var lock mp.Lock
	if err := lock.UnmarshalBinary(b); err == nil || !strings.Contains(err.Error(), "Lock") {
		t.Errorf("a Value taken for a Lock: %v", err)
	}
	for cut := range len(b) {
		if err := new(mp.Value[int32]).UnmarshalBinary(b[:cut]); err == nil {
			t.Errorf("%d bytes of %d were taken for a handle", cut, len(b))
		}
	}
	other := append([]byte(nil), b...)
	other[0] ^= 1
	if err := new(mp.Value[int32]).UnmarshalBinary(other); err == nil || !strings.Contains(err.Error(), "arena") {
		t.Errorf("a handle of a foreign arena: %v", err)
	}
	for _, past := range pastHandles(t, b) {
		if err := new(mp.Value[int32]).UnmarshalBinary(past); err == nil || !strings.Contains(err.Error(), "expected a number of 32 bits, found 4294967") {
			t.Errorf("a handle with a number beyond 32 bits: %v", err)
		}
	}
	runtime.KeepAlive(v)
}

func TestZeroHandleDoesNotTravel(t *testing.T) {
	err := (&mp.Process{Target: addOne(new(mp.Value[int]))}).Start(context.Background())
	if err == nil || !strings.Contains(err.Error(), "NewValue") {
		t.Errorf("got %v", err)
	}
}

func TestCallString(t *testing.T) {
	s := addOne(nil).String()
	if !strings.Contains(s, "mp_test.init.func") || !strings.Contains(s, "(handle_test.go:") {
		t.Errorf("got %q", s)
	}
	var none mp.Call[int]
	if s := fmt.Sprint(none); s != "no call" {
		t.Errorf("got %q", s)
	}
}

func TestCallHere(t *testing.T) {
	v := mp.NewValue(1)
	if got, err := addOne(v).Here(context.Background()); err != nil || got != 2 {
		t.Errorf("got %d, %v", got, err)
	}
}
