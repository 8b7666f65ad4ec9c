//go:build linux

package mp_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/multiproc/mp"
)

// entry is an element with something of each kind in it.
type entry struct {
	Name string
	N    int
	Tags []string
	Next *mp.Value[int64]
}

func TestListOfWords(t *testing.T) {
	l := mp.NewList[int](mp.Name("numbers"))
	must(t, l.Append(3, 1, 2))
	must(t, l.Append())
	must(t, l.Insert(0, 9))
	must(t, l.Insert(-1, 8, 7))
	must(t, l.Insert(l.Len(), 5))
	wantList(t, l, 9, 3, 1, 8, 7, 2, 5)
	must(t, l.Set(1, 4))
	must(t, l.Set(-1, 6))
	must(t, l.Update(0, func(n int) int { return n * 10 }))
	wantList(t, l, 90, 4, 1, 8, 7, 2, 6)
	if got := l.At(-2); got != 2 {
		t.Errorf("the last but one is %d", got)
	}
	must(t, l.Sort(cmp.Compare[int]))
	wantList(t, l, 1, 2, 4, 6, 7, 8, 90)
	must(t, l.Reverse())
	wantList(t, l, 90, 8, 7, 6, 4, 2, 1)
	if i := l.IndexFunc(func(n int) bool { return n == 6 }); i != 3 {
		t.Errorf("6 at %d", i)
	}
	if i := l.IndexFunc(func(n int) bool { return n == 5 }); i != -1 {
		t.Errorf("5 at %d", i)
	}
	if n, err := l.DeleteFunc(func(n int) bool { return n%2 == 0 }); n != 5 || err != nil {
		t.Errorf("deleted %d: %v", n, err)
	}
	wantList(t, l, 7, 1)
	if v, ok := l.Pop(-1); v != 1 || !ok {
		t.Errorf("popped %d, %v", v, ok)
	}
	if v, ok := l.Pop(0); v != 7 || !ok {
		t.Errorf("popped %d, %v", v, ok)
	}
	if v, ok := l.Pop(-1); ok {
		t.Errorf("popped %d of nothing", v)
	}
	l.Clear()
	must(t, errors.Join(l.Sort(cmp.Compare[int]), l.Reverse()))
	wantList(t, l)
}

func TestListOfAnything(t *testing.T) {
	l, v := mp.NewList[entry](), mp.NewValue[int64](7)
	for i := range 300 {
		must(t, l.Append(entry{fmt.Sprint("n", i%10), i, []string{"a", strings.Repeat("x", i*20)}, v}))
	}
	must(t, l.Sort(func(a, b entry) int { return cmp.Compare(a.Name, b.Name) }))
	got := l.Snapshot()
	for i, e := range got {
		if e.Name != fmt.Sprint("n", i/30) || e.N%10 != i/30 || len(e.Tags[1]) != e.N*20 || e.Next.Load() != 7 {
			t.Fatalf("element %d is %s, %d", i, e.Name, e.N)
		}
		if i%30 > 0 && e.N < got[i-1].N {
			t.Fatalf("element %d: the order of equals is another", i)
		}
	}
	must(t, l.Update(-1, func(e entry) entry { e.Tags = nil; return e }))
	if e := l.At(299); e.Tags != nil || e.Name != "n9" {
		t.Errorf("after an update %v", e)
	}
	if n, err := l.DeleteFunc(func(e entry) bool { return e.Name != "n3" }); n != 270 || err != nil {
		t.Errorf("deleted %d: %v", n, err)
	}
	if e, ok := l.Pop(3); !ok || e.N != 33 || e.Next.Load() != 7 {
		t.Errorf("popped %v", e)
	}
	runtime.KeepAlive(v)
	if n := mp.NewList[struct{}](); n.Append(struct{}{}, struct{}{}) != nil || n.Len() != 2 || n.At(1) != (struct{}{}) {
		t.Error("a list of nothing")
	}
}

// All meets what is there when it comes by, and stops when it is told.
func TestListAll(t *testing.T) {
	l := mp.NewList[string]()
	for i := range 1000 {
		must(t, l.Append(fmt.Sprint(i)))
	}
	n := 0
	for i, s := range l.All() {
		if i != n || s != fmt.Sprint(i) && s != "new" {
			t.Fatalf("element %d, after %d, is %s", i, n, s)
		}
		if n++; n == 100 {
			must(t, l.Set(900, "new"))
			must(t, l.Append("new"))
		}
		if i == 900 && s != "new" {
			t.Errorf("element %d is %s", i, s)
		}
	}
	if n != 1001 {
		t.Errorf("%d elements", n)
	}
	for range l.All() {
		l.Clear() // what was copied comes yet
		n--
	}
	if n != 1001-128 {
		t.Errorf("%d left", n)
	}
	for range l.All() {
		t.Error("an element of an empty list")
	}
}

func TestListIndex(t *testing.T) {
	l := mp.NewList[int](mp.Name("short"))
	must(t, l.Append(1, 2, 3))
	for _, i := range []int{3, -4, math.MaxInt, math.MinInt} {
		for name, call := range map[string]func() error{
			"Set":    func() error { return l.Set(i, 1) },
			"Update": func() error { return l.Update(i, func(n int) int { t.Error("called"); return n }) },
			"Insert": func() error {
				if i == 3 {
					return l.Insert(4, 1)
				}
				return l.Insert(i, 1)
			},
			"At": func() (err error) {
				defer func() { err, _ = recover().(error) }()
				l.At(i)
				return nil
			},
		} {
			err, ok := errors.AsType[*mp.IndexError](call())
			if !ok || err.Len != 3 || err.List != "short" || err.Index != i && i != 3 || !strings.Contains(err.Error(), `of list "short" with length 3`) {
				t.Errorf("%s with %d: %v", name, i, err)
			}
		}
		if _, ok := l.Pop(i); ok {
			t.Errorf("popped element %d", i)
		}
	}
	wantList(t, l, 1, 2, 3)
}

func TestListRefuses(t *testing.T) {
	type bad struct{ C chan int }
	func() {
		defer func() {
			if r := fmt.Sprint(recover()); !strings.Contains(r, "C") || !strings.Contains(r, "chan int") {
				t.Errorf("a list of channels: %s", r)
			}
		}()
		mp.NewList[bad]()
	}()
	l := mp.NewList[any]()
	must(t, l.Append(1))
	if err := errors.Join(l.Append(2, make(chan int)), l.Set(0, make(chan int))); err == nil || l.Len() != 1 || l.At(0) != 1 {
		t.Errorf("a channel in an any: %v, and %v", err, l.Snapshot())
	}
	b, err := l.MarshalBinary()
	must(t, err)
	other := new(mp.List[string])
	if err := fmt.Sprint(other.UnmarshalBinary(b)); !strings.Contains(err, "is a List[interface {}], not a List[string]") {
		t.Errorf("opened as another type: %s", err)
	}
	if _, err := new(mp.List[int]).MarshalBinary(); err == nil {
		t.Error("a zero list travels")
	}
}

// What f, compare or del do to the list, or do not come to an end in, changes nothing.
func TestListCallbacks(t *testing.T) {
	l := mp.NewList[int]()
	must(t, l.Append(3, 2, 1))
	for name, call := range map[string]func(){
		"Update":     func() { _ = l.Update(0, func(int) int { panic("enough") }) },
		"Sort":       func() { _ = l.Sort(func(int, int) int { panic("enough") }) },
		"DeleteFunc": func() { _, _ = l.DeleteFunc(func(int) bool { panic("enough") }) },
	} {
		func() {
			defer func() {
				if recover() != "enough" {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
	wantList(t, l, 3, 2, 1)
	calls := 0
	must(t, l.Update(0, func(n int) int { // another comes between, once
		if calls++; calls == 1 {
			must(t, l.Set(0, 10))
		}
		return n + 1
	}))
	if calls != 2 || l.At(0) != 11 {
		t.Errorf("%d calls, and %d", calls, l.At(0))
	}
	once := true
	must(t, l.Sort(func(a, b int) int {
		if once {
			once = false
			must(t, l.Append(0))
		}
		return cmp.Compare(a, b)
	}))
	wantList(t, l, 0, 1, 2, 11)
	once = true
	n, err := l.DeleteFunc(func(n int) bool {
		if once {
			once = false
			must(t, l.Insert(0, 5))
		}
		return n == 5 || n == 11
	})
	if n != 2 || err != nil {
		t.Errorf("deleted %d: %v", n, err)
	}
	wantList(t, l, 0, 1, 2)
}

var (
	appendRuns = mp.Proc3(func(_ context.Context, l *mp.List[[2]int], who, n int) error {
		for i := range n {
			if err := l.Append([2]int{who, 2 * i}, [2]int{who, 2*i + 1}); err != nil {
				return err
			}
		}
		return nil
	})
	addOnes = mp.Proc2(func(_ context.Context, l *mp.List[int], n int) error {
		for i := range n {
			if err := l.Update(i%l.Len(), func(v int) int { return v + 1 }); err != nil {
				return err
			}
		}
		return nil
	})
	appendAndDie = mp.Proc(func(_ context.Context, l *mp.List[string]) error {
		if err := l.Append("one", "two"); err != nil {
			return err
		}
		return syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	})
)

func TestListBetweenProcesses(t *testing.T) {
	const who, n = 3, 400
	l, sums := mp.NewList[[2]int](), mp.NewList[int]()
	must(t, sums.Append(0, 0, 0, 0))
	var g mp.Group
	for i := range who {
		g.Start(t.Context(), appendRuns(l, i, n))
		g.Start(t.Context(), addOnes(sums, n))
	}
	must(t, g.Join())
	wantList(t, sums, who*n/4, who*n/4, who*n/4, who*n/4)
	var last [who]int
	all := l.Snapshot()
	if len(all) != 2*who*n {
		t.Fatalf("%d elements", len(all))
	}
	for i, e := range all {
		if e[1] != last[e[0]] || i%2 == 1 && all[i-1] != [2]int{e[0], e[1] - 1} {
			t.Fatalf("element %d is %v, after %v", i, e, all[max(i, 1)-1])
		}
		last[e[0]]++
	}
}

func TestListOutlivesItsMaker(t *testing.T) {
	l := mp.NewList[string]()
	p := &mp.Process{Target: appendAndDie(l)}
	must(t, p.Start(t.Context()))
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		t.Errorf("joining a killed child: %v", p.Join())
	}
	must(t, l.Append("three"))
	wantList(t, l, "one", "two", "three")
}

// fillsWithList fills an arena: an error then, and nothing has changed; Pop and Clear go on, and make room.
func fillsWithList() error {
	if err := mp.Configure(mp.ArenaOptions{Size: 32 << 20}); err != nil {
		return err
	}
	mp.Init()
	l := mp.NewList[string](mp.Name("filling"))
	n, err := 0, error(nil)
	for size := 40000; size >= 0; size = size/2 - 1 {
		for err = nil; err == nil; n++ {
			err = l.Append(strings.Repeat("x", size), "y")
		}
		n--
		if full, ok := errors.AsType[*mp.ArenaFullError](err); !ok || full.Asked == 0 || l.Len() != 2*n {
			return fmt.Errorf("%d pairs, %d elements: %w", n, l.Len(), err)
		}
	}
	if err := errors.Join(l.Set(1, strings.Repeat("z", 1e6)), l.Insert(2, strings.Repeat("z", 1e6))); err == nil || l.At(1) != "y" || l.Len() != 2*n {
		return fmt.Errorf("element 1 is %s, of %d: %w", l.At(1), l.Len(), err)
	}
	for l.Len() > n {
		if _, ok := l.Pop(l.Len() / 2); !ok {
			return errors.New("nothing to pop")
		}
	}
	l.Clear()
	if err := l.Append(strings.Repeat("z", 1e6)); err != nil {
		return err
	}
	return errors.New("filled, emptied, and in use")
}

// The memory comes back with the last handle, and churn does not need more and more.
func TestListMemory(t *testing.T) {
	func() {
		l, used := mp.NewList[string](mp.Name("freed list")), int64(0)
		for round := range 8 {
			for i := range 300 {
				must(t, l.Append(fmt.Sprint(i)))
				must(t, l.Insert(i/2, strings.Repeat("y", 50)))
			}
			must(t, l.Append(strings.Repeat("z", 10000)))
			must(t, l.Sort(cmp.Compare[string]))
			for l.Len() > 5 {
				l.Pop(l.Len() / 3)
			}
			l.Clear()
			now := memory(t, "freed list")
			if round == 3 {
				used = now
			}
			if round > 3 && now > used+used/10 {
				t.Errorf("%d bytes after round 3, %d after round %d", used, now, round)
			}
		}
	}()
	shrinks(t, "freed list", 0)
}

func wantList[T any](t *testing.T, l *mp.List[T], want ...T) {
	t.Helper()
	if got := l.Snapshot(); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) || l.Len() != len(want) {
		t.Errorf("got  %v (%d)\nwant %v", got, l.Len(), want)
	}
	for i, v := range l.All() {
		if i >= len(want) || !reflect.DeepEqual(v, want[i]) {
			t.Errorf("element %d of All is %v", i, v)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
