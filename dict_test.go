//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/race"
)

// CPython's _TestContainers.test_dict, as far as it is of a dict: d = self.dict(), d[i] = chr(i), copy, keys, values, items.
func TestDict(t *testing.T) {
	d, want := mp.NewDict[int, string](), map[int]string{}
	for i := 65; i < 70; i++ {
		want[i] = string(rune(i))
		if err := d.Set(i, want[i]); err != nil {
			t.Fatal(err)
		}
	}
	if got := maps.Collect(d.All()); !maps.Equal(got, want) {
		t.Errorf("All: %v", got)
	}
	if got := slices.Sorted(d.Keys()); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("Keys: %v", got)
	}
	if got := slices.Sorted(d.Values()); !slices.Equal(got, slices.Sorted(maps.Values(want))) {
		t.Errorf("Values: %v", got)
	}
	if v, found := d.Get(66); v != "B" || !found || d.Len() != 5 {
		t.Errorf("Get: %q, %v, of %d", v, found, d.Len())
	}
	if v, found := d.Get(1); v != "" || found {
		t.Errorf("Get of nothing: %q, %v", v, found)
	}
	for n := range d.Keys() { // the loop may end early, and change the Dict
		d.Delete(n)
		break
	}
	if d.Len() != 4 {
		t.Errorf("%d left", d.Len())
	}
	d.Clear()
	if got := maps.Collect(d.All()); d.Len() != 0 || len(got) != 0 {
		t.Errorf("cleared: %v", got)
	}
}

func TestDictConditionalChanges(t *testing.T) {
	d := mp.NewDict[string, []int]()
	if v, found, err := d.SetDefault("a", []int{1}); !reflect.DeepEqual(v, []int{1}) || found || err != nil {
		t.Errorf("SetDefault: %v, %v, %v", v, found, err)
	}
	if v, found, err := d.SetDefault("a", []int{2}); !reflect.DeepEqual(v, []int{1}) || !found || err != nil {
		t.Errorf("SetDefault again: %v, %v, %v", v, found, err)
	}
	grow := func(old []int, found bool) []int {
		if found != (old != nil) {
			t.Errorf("Update is given %v, %v", old, found)
		}
		return append(old, len(old))
	}
	for _, key := range []string{"a", "b", "a"} {
		if _, err := d.Update(key, grow); err != nil {
			t.Error(err)
		}
	}
	if v, _ := d.Get("a"); !reflect.DeepEqual(v, []int{1, 1, 2}) {
		t.Errorf("updated: %v", v)
	}
	if d.DeleteIf("a", func(v []int) bool { return len(v) == 2 }) || d.DeleteIf("c", func([]int) bool { t.Error("called"); return true }) {
		t.Error("deleted though f says no")
	}
	if !d.DeleteIf("a", func(v []int) bool { return len(v) == 3 }) {
		t.Error("not deleted though f says so")
	}
	if v, found := d.Pop("b"); !reflect.DeepEqual(v, []int{0}) || !found {
		t.Errorf("Pop: %v, %v", v, found)
	}
	if v, found := d.Pop("b"); v != nil || found || d.Len() != 0 {
		t.Errorf("Pop of nothing: %v, %v", v, found)
	}
}

// What is set while f runs is not lost: f is called again. f may use the Dict, and panic.
func TestDictUpdateIsOvertaken(t *testing.T) {
	d := mp.NewDict[string, int]()
	for want, overtake := range []func(){
		func() { _ = d.Set("k", 1) }, func() { _ = d.Set("k", 2) }, func() { d.Delete("k"); _ = d.Set("k", 3) }, func() { d.Delete("k") },
	} {
		calls := 0
		v, err := d.Update("k", func(old int, found bool) int {
			if calls++; calls == 1 {
				overtake()
			}
			return old + 100
		})
		if want = (want + 1) % 4; v != want+100 || err != nil || calls != 2 {
			t.Errorf("%d, %v, after %d calls, expected %d after 2", v, err, calls, want+100)
		}
	}
	calls := 0
	if !d.DeleteIf("k", func(int) bool {
		if calls++; calls == 1 {
			_ = d.Set("k", 5)
		}
		return true
	}) || calls != 2 {
		t.Errorf("DeleteIf after %d calls", calls)
	}
	_ = d.Set("k", 7)
	func() {
		defer func() { _ = recover() }()
		_, _ = d.Update("k", func(int, bool) int { panic("in f") })
	}()
	if v, err := d.Update("k", func(old int, _ bool) int { return old + 1 }); v != 8 || err != nil {
		t.Errorf("after a panic: %d, %v", v, err)
	}
}

type holdsAny struct{ X any }

func TestNewDictRefuses(t *testing.T) {
	for want, f := range map[string]func(){
		"[key] is of type interface {}, which would be another key": func() { mp.NewDict[any, int]() },
		"[key] is of type mp_test.holdsAny":                         func() { mp.NewDict[holdsAny, int]() },
		"[key] is of type *int":                                     func() { mp.NewDict[*int, int]() },
		"[key] is of type chan int":                                 func() { mp.NewDict[chan int, int]() },
		"element [].C is of type chan int":                          func() { mp.NewDict[int, struct{ C chan int }]() },
	} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, want) {
					t.Errorf("got %s, expected it to tell %q", r, want)
				}
			}()
			f()
		}()
	}
	d := mp.NewDict[string, int](mp.Name("ages"))
	b, err := d.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var other mp.Dict[string, uint]
	if err := other.UnmarshalBinary(b); err == nil || err.Error() != `mp: shared object "ages" is a Dict[map[string]int], not a Dict[map[string]uint]` {
		t.Errorf("opened as another type: %v", err)
	}
	var same mp.Dict[string, int]
	if err := same.UnmarshalBinary(b); err != nil || d.Set("k", 1) != nil || same.Len() != 1 {
		t.Errorf("opened again: %v, %d keys", err, same.Len())
	}
}

// What cannot be encoded is not set; what cannot be decoded panics with the reason, and can be taken out.
func TestDictEncodingFails(t *testing.T) {
	d := mp.NewDict[string, any]()
	if err := d.Set("k", func() {}); err == nil || d.Len() != 0 {
		t.Errorf("a func was set: %v", err)
	}
	if _, err := d.Update("k", func(any, bool) any { return func() {} }); err == nil || d.Len() != 0 {
		t.Errorf("Update has set a func: %v", err)
	}
	if err := d.Set("k", map[string]any{"n": 1, "list": []any{"a", nil}}); err != nil {
		t.Error(err)
	}
	spoilt := mp.NewDict[string, spoils]()
	for i := range spoils(3) {
		if err := spoilt.Set(fmt.Sprint(i), i); err != nil {
			t.Fatal(err)
		}
	}
	panics := func(what string, f func()) {
		defer func() {
			if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "these bytes are no mp_test.spoils") {
				t.Errorf("%s: %v", what, err)
			}
		}()
		f()
	}
	panics("Get", func() { spoilt.Get("1") })
	panics("All", func() { _ = maps.Collect(spoilt.All()) })
	panics("Update", func() { _, _ = spoilt.Update("1", func(spoils, bool) spoils { return 0 }) })
	spoilt.Delete("1")
	if got := slices.Sorted(spoilt.Values()); !slices.Equal(got, []spoils{0, 2}) {
		t.Errorf("left: %v", got)
	}
}

var _ = func() bool { mistakes["a full dict"] = fillDict; return true }()

// fillDict sets until nothing fits any more.
func fillDict() {
	if err := mp.Configure(mp.ArenaOptions{Size: 32 << 20}); err != nil {
		panic(err)
	}
	mp.Init()
	d, n := mp.NewDict[int, []byte](), 0
	var err error
	for ; err == nil; n++ {
		err = d.Set(n, bytes.Repeat([]byte{byte(n)}, 1000+n%5*1000))
	}
	full, ok := errors.AsType[*mp.ArenaFullError](err)
	if !ok || n < 1000 || d.Len() != n-1 {
		panic(fmt.Sprint(d.Len(), " keys of ", n, ", and ", err))
	}
	if _, err := d.Update(0, func([]byte, bool) []byte { return make([]byte, 16<<20) }); !errors.As(err, &full) {
		panic(fmt.Sprint("Update: ", err))
	}
	for i := range n - 1 {
		if v, found := d.Get(i); !found || !bytes.Equal(v, bytes.Repeat([]byte{byte(i)}, 1000+i%5*1000)) {
			panic(fmt.Sprint(i, " is not what it was"))
		}
	}
	d.Clear()
	if err := d.Set(n, make([]byte, 5000)); err != nil {
		panic(err)
	}
	panic("full, and usable")
}

// A loop sees what is there all the time once, whatever others do meanwhile.
func TestDictLoopBesideChanges(t *testing.T) {
	d := mp.NewDict[int, int]()
	const stay = 500
	for i := range stay {
		if err := d.Set(i, i); err != nil {
			t.Fatal(err)
		}
	}
	var stop, other sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	defer other.Wait()
	defer cancel()
	other.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if err := d.Set(stay+i%3000, i); err != nil {
				t.Error(err)
				return
			}
			d.Delete(stay + (i+1500)%3000)
		}
	})
	for range 3 {
		stop.Go(func() {
			for range 30 {
				seen := map[int]int{}
				for k, v := range d.All() {
					if seen[k]++; k < stay && v != k {
						t.Errorf("%d under %d", v, k)
					}
				}
				for k, n := range seen {
					if n != 1 {
						t.Errorf("%d seen %d times", k, n)
					}
				}
				for k := range stay {
					if seen[k] != 1 {
						t.Errorf("%d seen %d times", k, seen[k])
					}
				}
			}
		})
	}
	stop.Wait()
}

// Plain data is got and set without an allocation.
func TestDictAllocates(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector makes sync.Pool forget")
	}
	d := mp.NewDict[int, [4]float64]()
	if err := d.Set(1, [4]float64{1}); err != nil {
		t.Fatal(err)
	}
	for what, f := range map[string]func(){
		"Get":    func() { d.Get(1) },
		"Set":    func() { _ = d.Set(1, [4]float64{2}) },
		"Update": func() { _, _ = d.Update(1, func(v [4]float64, _ bool) [4]float64 { return v }) },
	} {
		if n := testing.AllocsPerRun(1000, f); n >= 1 {
			t.Errorf("%s makes %v allocations", what, n)
		}
	}
}

// A Dict's memory comes back with its last handle.
func TestDictIsFreed(t *testing.T) {
	for range 5 {
		d := mp.NewDict[int, []byte](mp.Name("freed dict"))
		for i := range 100 {
			if err := d.Set(i, make([]byte, i*100)); err != nil {
				t.Fatal(err)
			}
		}
	}
	shrinks(t, "freed dict", 0)
}

// Large values go back to the arena when they are replaced, small ones are used again.
func TestDictChurn(t *testing.T) {
	d := mp.NewDict[int, []byte](mp.Name("churned"))
	turn := func() {
		for i := range 500 {
			if err := d.Set(i, make([]byte, i*17%9000)); err != nil {
				t.Fatal(err)
			}
			d.Delete(i - 20)
		}
		d.Clear()
	}
	turn()
	before := memory(t, "churned")
	for range 20 {
		turn()
	}
	if lost := memory(t, "churned") - before; lost > 1<<20 {
		t.Errorf("%d bytes are lost", lost)
	}
}
