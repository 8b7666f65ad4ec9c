//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// item is an element that is a cell; its body follows from its number.
type item struct {
	N    int
	Body string
}

func newItem(n, size int) item { return item{n, strings.Repeat(string(rune('a'+n%26)), size)} }

func (i item) check() error {
	if i != newItem(i.N, len(i.Body)) {
		return fmt.Errorf("a torn item: %.40v", i)
	}
	return nil
}

func someItems(n int) (all []item) {
	for i := range n {
		all = append(all, newItem((i*7)%n, 10+i*5))
	}
	return all
}

// listOf makes one for a victim.
func listOf[T any](had []T) (*mp.List[T], error) {
	l := mp.NewList[T](mp.Name("list"))
	return l, l.Append(had...)
}

// A deed changes a list by one commit, and a slice in the same way.
type deed[T any] struct {
	name string
	had  []T
	do   func(l *mp.List[T]) error
	want func(had []T) []T
}

func ints(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

var byNumber = func(a, b item) int { return cmp.Compare(a.N, b.N) }

var itemDeeds = []deed[item]{
	{"append", someItems(3), func(l *mp.List[item]) error { return l.Append(newItem(9, 30)) },
		func(s []item) []item { return append(s, newItem(9, 30)) }},
	{"append to nothing", nil, func(l *mp.List[item]) error { return l.Append(newItem(9, 30)) },
		func(s []item) []item { return append(s, newItem(9, 30)) }},
	{"append three", someItems(3), func(l *mp.List[item]) error { return l.Append(newItem(7, 30), newItem(8, 300), newItem(9, 3)) },
		func(s []item) []item { return append(s, newItem(7, 30), newItem(8, 300), newItem(9, 3)) }},
	{"append what is large", someItems(3), func(l *mp.List[item]) error { return l.Append(newItem(9, 5000)) },
		func(s []item) []item { return append(s, newItem(9, 5000)) }},
	{"insert", someItems(4), func(l *mp.List[item]) error { return l.Insert(2, newItem(9, 30)) },
		func(s []item) []item { return slices.Insert(s, 2, newItem(9, 30)) }},
	{"set", someItems(3), func(l *mp.List[item]) error { return l.Set(1, newItem(9, 30)) },
		func(s []item) []item { s[1] = newItem(9, 30); return s }},
	{"set what is large", append(someItems(2), newItem(5, 5000)), func(l *mp.List[item]) error { return l.Set(2, newItem(9, 6000)) },
		func(s []item) []item { s[2] = newItem(9, 6000); return s }},
	{"update", someItems(3), func(l *mp.List[item]) error {
		return l.Update(1, func(i item) item { failpoint.Hit("crash: updating an item"); return newItem(i.N+1, 40) })
	}, func(s []item) []item { s[1] = newItem(s[1].N+1, 40); return s }},
	{"pop amid others", someItems(4), func(l *mp.List[item]) error { l.Pop(1); return nil },
		func(s []item) []item { return slices.Delete(s, 1, 2) }},
	{"pop what is large", append(someItems(2), newItem(5, 70000)), func(l *mp.List[item]) error { l.Pop(-1); return nil },
		func(s []item) []item { return s[:2] }},
	{"sort", someItems(5), func(l *mp.List[item]) error {
		return l.Sort(func(a, b item) int { failpoint.Hit("crash: comparing items"); return byNumber(a, b) })
	}, func(s []item) []item { slices.SortStableFunc(s, byNumber); return s }},
	{"delete", someItems(3), func(l *mp.List[item]) error {
		_, err := l.DeleteFunc(func(i item) bool { return i.N%2 == 0 })
		return err
	}, func(s []item) []item { return slices.DeleteFunc(s, func(i item) bool { return i.N%2 == 0 }) }},
	{"clear", someItems(2), func(l *mp.List[item]) error { l.Clear(); return nil }, func([]item) []item { return nil }},
}

var wordDeeds = []deed[int]{
	{"set a word", ints(4), func(l *mp.List[int]) error { return l.Set(2, 99) }, func(s []int) []int { s[2] = 99; return s }},
	{"append, and grow", ints(14), func(l *mp.List[int]) error { return l.Append(99) }, func(s []int) []int { return append(s, 99) }},
	{"insert, and split", ints(382), func(l *mp.List[int]) error { return l.Insert(5, 99) }, func(s []int) []int { return slices.Insert(s, 5, 99) }},
	{"pop, and merge", ints(383), func(l *mp.List[int]) error { l.Pop(1); return nil }, func(s []int) []int { return slices.Delete(s, 1, 2) }},
	{"reverse", ints(20), func(l *mp.List[int]) error { return l.Reverse() }, func(s []int) []int { slices.Reverse(s); return s }},
}

// thin leaves its first leaf so small that the next Pop makes one of both.
func thin(l *mp.List[int]) {
	for l.Len() > 192 {
		l.Pop(1)
	}
}

var doItems = mp.Proc3(func(_ context.Context, l *mp.List[item], deed, n int) error {
	arm(n)
	err := itemDeeds[deed].do(l)
	failpoint.Hit("crash: list changed")
	return err
})

var doWords = mp.Proc3(func(_ context.Context, l *mp.List[int], deed, n int) error {
	arm(n)
	err := wordDeeds[deed].do(l)
	failpoint.Hit("crash: list changed")
	return err
})

// scenario is of a victim that does the deed; the parent survives it, and finds the list as before or as after.
func (d deed[T]) scenario(victim func(l *mp.List[T], n int) mp.Target, check func(T) error) scenario {
	var l *mp.List[T]
	var was []T
	return scenario{
		name: "list: " + d.name, most: 60,
		setup: func(*family) (err error) {
			l, err = listOf(d.had)
			if w, ok := any(l).(*mp.List[int]); ok && d.name == "pop, and merge" {
				thin(w)
			}
			was = l.Snapshot()
			return err
		},
		victim: func(_ *family, n int) mp.Target { return victim(l, n) },
		after: func(f *family) error {
			defer func() { l = nil }() // it is freed, whoever held it
			return f.soon("a list", func() error {
				got := l.Snapshot()
				for _, v := range got {
					if err := check(v); err != nil {
						return err
					}
				}
				will := d.want(slices.Clone(was))
				if as := fmt.Sprint(got); as != fmt.Sprint(was) && as != fmt.Sprint(will) || f.killed == nil && as != fmt.Sprint(will) {
					return fmt.Errorf("after a death at %q the list is %.300v, which was %.300v", f.step(), got, was)
				}
				if err := goesOn(l, append(will, was...)); err != nil {
					return err
				}
				if found := f.look.Check(); len(found) > 0 { // while the list is there
					return fmt.Errorf("after a death at %q package inspect finds %v", f.step(), found)
				}
				return nil
			})
		},
	}
}

// goesOn changes a list in many ways.
func goesOn[T any](l *mp.List[T], some []T) error {
	n := l.Len()
	for range 3 {
		if err := l.Append(some...); err != nil {
			return err
		}
		if err := l.Insert(n/2, some...); err != nil {
			return err
		}
	}
	for want := l.Len() - 1; l.Len() > n; want-- {
		if _, ok := l.Pop(n / 2); !ok || l.Len() != want {
			return fmt.Errorf("%d elements after a pop, not %d", l.Len(), want)
		}
	}
	return l.Reverse()
}

// soon is f, which must not take longer than a death may.
func (f *family) soon(what string, call func() error) error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	return f.ends(done, what)
}

// rows are appended to by several, each its own numbers.
func appendRows(l *mp.List[item], who, n int) error {
	for i := range n {
		if err := l.Append(newItem(who*1000+2*i, i*9), newItem(who*1000+2*i+1, 20)); err != nil {
			return err
		}
		if i%3 == 2 {
			if err := l.Set(i, l.At(i)); err != nil { // nobody else sets this one
				return err
			}
		}
	}
	return nil
}

var appendsRows = mp.Proc3(func(_ context.Context, l *mp.List[item], gate *mp.Value[int32], n int) error {
	arm(n)
	gate.Store(1)
	return appendRows(l, theVictim, 6)
})

// checkRows: each pair is whole, and each process's are in its order.
func checkRows(l *mp.List[item]) error {
	all, next := l.Snapshot(), [4]int{}
	for i, row := range all {
		who, n := row.N/1000, row.N%1000
		if err := row.check(); err != nil || n != next[who] || n%2 == 1 && (i == 0 || all[i-1].N != row.N-1) {
			return fmt.Errorf("row %d of %d is number %d of process %d, which should be %d: %w", i, len(all), n, who, next[who], err)
		}
		next[who]++
	}
	if next[theVictim]%2+next[parent]%2 > 0 || next[parent] != 200 {
		return fmt.Errorf("%d rows of the parent and %d of the victim", next[parent], next[theVictim])
	}
	return nil
}

// contendedList is of a victim that appends while the parent does.
func contendedList() scenario {
	var l *mp.List[item]
	var own error // of the parent
	return scenario{
		name: "list contended", most: 60,
		setup: func(*family) (err error) {
			l, err = listOf[item](nil)
			return err
		},
		victim: func(f *family, n int) mp.Target { return appendsRows(l, f.Gate, n) },
		during: func(f *family, v *mp.Process) {
			for f.Gate.Load() == 0 && v.Alive() {
				time.Sleep(20 * time.Microsecond)
			}
			own = f.soon("appending", func() error { return appendRows(l, parent, 100) })
		},
		after: func(f *family) error {
			defer func() { l = nil }()
			return errors.Join(own, f.soon("a list", func() error { return checkRows(l) }))
		},
	}
}

var useList = mp.Proc(func(_ context.Context, n int) error {
	l, err := listOf(append(someItems(3), newItem(7, 70000)))
	if err != nil {
		return err
	}
	arm(n)
	return use(l)
})

func listScenarios() []scenario {
	all := []scenario{contendedList(), {name: "object with cells", victim: func(_ *family, n int) mp.Target { return useList(n) }}}
	for i, d := range itemDeeds {
		all = append(all, d.scenario(func(l *mp.List[item], n int) mp.Target { return doItems(l, i, n) }, item.check))
	}
	for i, d := range wordDeeds {
		all = append(all, d.scenario(func(l *mp.List[int], n int) mp.Target { return doWords(l, i, n) }, func(int) error { return nil }))
	}
	return all
}
