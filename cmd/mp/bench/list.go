package bench

import (
	"context"
	"fmt"
	"sync"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

// listRows compares mp.List inside one process with a slice under a mutex. That is a few instructions beside a lock; a change
// that a death cannot tear is some words written twice.
func listRows(scale float64) []Row {
	const length = 1000
	n := int(2e5 * scale)
	l, s := mp.NewList[int](), guardedSlice{v: make([]int, length)}
	_ = l.Append(s.v...) // no more than room for 1000 numbers
	return []Row{
		{
			Name: "mp.List At", Beside: "[]int under a sync.Mutex", Most: 6, Rounds: 9,
			Ours:   perOp(n, func(n int) { each(n, length, func(i int) { _ = l.At(i) }) }),
			Theirs: perOp(n, func(n int) { each(n, length, func(i int) { _ = s.at(i) }) }),
		}, {
			Name: "mp.List Set", Beside: "[]int under a sync.Mutex", Most: 8, Rounds: 9,
			Ours:   perOp(n, func(n int) { each(n, length, func(i int) { _ = l.Set(i, i) }) }),
			Theirs: perOp(n, func(n int) { each(n, length, func(i int) { s.set(i, i) }) }),
		}, {
			Name: "mp.List Append and Pop", Beside: "[]int under a sync.Mutex", Most: 12, Rounds: 9,
			Ours:   perOp(n, func(n int) { each(n, length, func(i int) { _ = l.Append(i); l.Pop(-1) }) }),
			Theirs: perOp(n, func(n int) { each(n, length, func(i int) { s.add(i); s.pop() }) }),
		},
	}
}

func each(n, length int, f func(i int)) {
	for i := range n {
		f(i * 7919 % length)
	}
}

type guardedSlice struct {
	mu sync.Mutex
	v  []int
}

func (s *guardedSlice) at(i int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.v[i]
}

func (s *guardedSlice) set(i, v int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.v[i] = v
}

func (s *guardedSlice) add(v int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.v = append(s.v, v)
}

func (s *guardedSlice) pop() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.v) - 1
	v := s.v[last]
	s.v = s.v[:last]
	return v
}

// useList appends, sets and reads.
var useList = mp.Proc3(func(_ context.Context, r race, n int, l *mp.List[int]) error {
	r.begin()
	for i := range n {
		if err := l.Append(i); err != nil {
			return err
		}
		if err := l.Set(i%10, i); err != nil {
			return err
		}
		_ = l.At(i % 10)
	}
	r.end()
	return nil
})

func sharedList(processes, n int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		l := mp.NewList[int]()
		if err := l.Append(make([]int, 10)...); err != nil {
			return 0, err
		}
		ns, err := count(ctx, processes, n, func(r race) mp.Target { return useList(r, n, l) })
		if got := l.Len(); err == nil && got != processes*n+10 {
			err = fmt.Errorf("%d elements of %d", got, processes*n+10)
		}
		return ns / 3, err
	}
}

func cpythonListRows(py *rivals.Program, scale float64) (rows []Row) {
	for _, p := range []int{1, 2, 4} {
		ours, theirs := int(1e5*scale)/p, int(1e3*scale)/p
		rows = append(rows, Row{
			Name: fmt.Sprintf("mp.List Append, Set, At, %d processes", p), Beside: "CPython Manager().list()", Most: 0.04, Rounds: 5,
			Ours: sharedList(p, ours), Theirs: rival(py, "list", fmt.Sprint(p), fmt.Sprint(max(theirs, 1)), "1"),
		})
	}
	return rows
}
