//go:build linux

package mp_test

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"github.com/multiproc/mp"
)

// CPython's cases for the lists of its managers, _TestContainers in _test_multiprocessing.py, re-expressed. There each call goes
// to the manager's process; here each is made by a child too, for which the list is not its own.

func listWith[T any](t *testing.T, v ...T) *mp.List[T] {
	t.Helper()
	l := mp.NewList[T]()
	must(t, l.Append(v...))
	return l
}

var (
	extendBy = mp.Proc2(func(_ context.Context, l *mp.List[int], v []int) error { return l.Append(v...) })
	twiceAll = mp.Proc(func(_ context.Context, l *mp.List[int]) error { return l.Append(l.Snapshot()...) })
	// innerOf changes a list that lies in another.
	innerOf = mp.Func(func(_ context.Context, outer *mp.List[*mp.List[int]]) ([]int, error) {
		if err := outer.At(0).Set(-1, 55); err != nil {
			return nil, err
		}
		v, _ := outer.At(1).Pop(-1)
		return []int{v, outer.At(1).Len()}, nil
	})
	putInto = mp.Proc(func(_ context.Context, l *mp.List[*mp.Queue[int]]) error { return l.At(0).Put(123) })
)

func run[R any](t *testing.T, call mp.Call[R]) R {
	t.Helper()
	r, err := mp.Run(t.Context(), call)
	must(t, err)
	return r
}

// test_list
func TestPythonList(t *testing.T) {
	ten := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	a, b := listWith(t, ten...), mp.NewList[int]()
	wantList(t, a, ten...)
	wantList(t, b)
	run(t, extendBy(b, []int{0, 1, 2, 3, 4}))
	wantList(t, b, 0, 1, 2, 3, 4)
	if b.At(2) != 2 || !slices.Equal(b.Snapshot()[2:], []int{2, 3, 4}) {
		t.Errorf("from 2 on: %v", b.Snapshot()[2:])
	}
	run(t, twiceAll(b))
	wantList(t, b, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4)
	wantList(t, a, ten...)
	e := listWith(t, a, b)
	if !slices.Equal(e.At(0).Snapshot(), ten) || e.At(1).Len() != 10 {
		t.Errorf("lists in a list: %v, %v", e.At(0).Snapshot(), e.At(1).Snapshot())
	}
	f := listWith(t, a)
	must(t, a.Append(10))
	wantList(t, f.At(0), append(ten, 10)...)
	runtime.KeepAlive([]any{a, b})
}

// test_list_iter
func TestPythonListIter(t *testing.T) {
	a := listWith(t, 0, 1, 2, 3)
	var got []int
	for i, v := range a.All() {
		if i == 0 {
			must(t, a.Set(0, 100)) // of a chunk that was copied: not seen; Python fetches one at a time
		}
		got = append(got, v)
	}
	if !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("got %v", got)
	}
	for _, v := range a.All() {
		if v != 100 {
			t.Errorf("begins with %d", v)
		}
		break
	}
}

// test_list_proxy_in_list
func TestPythonListInList(t *testing.T) {
	inner := []*mp.List[int]{listWith(t, 0, 1, 2), listWith(t, 0, 1, 2), listWith(t, 0, 1, 2)}
	a := listWith(t, inner...)
	if got := run(t, innerOf(a)); !slices.Equal(got, []int{2, 2}) {
		t.Errorf("popped and left: %v", got)
	}
	wantList(t, inner[0], 0, 1, 55)
	wantList(t, inner[1], 0, 1)
	wantList(t, inner[2], 0, 1, 2)
	runtime.KeepAlive(inner) // an element keeps nothing alive

	b := mp.NewList[itself]()
	must(t, b.Append(itself{b}))
	if got := b.At(0).List.At(0).List.Len(); got != 1 {
		t.Errorf("a list in itself has %d elements", got)
	}
	runtime.KeepAlive(b)
}

type itself struct{ List *mp.List[itself] }

// test_nested_queue, as far as it is of a list
func TestPythonQueueInList(t *testing.T) {
	q := mp.NewQueue[int](0)
	a := listWith(t, q)
	run(t, putInto(a))
	if v, err := a.At(0).Get(); v != 123 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
	runtime.KeepAlive(q)
}
