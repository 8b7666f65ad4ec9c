//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// changing is a victim that makes n changes.
func changing(n int, change func(ctx context.Context, r rack) error) func(context.Context, stage, int) error {
	return func(ctx context.Context, s stage, at int) error {
		arm(at)
		s.Gate.Store(1)
		for range n {
			if err := change(ctx, s.Rack); err != nil {
				return err
			}
		}
		return nil
	}
}

func anElement(ctx context.Context, r rack) error {
	return errors.Join(r.element(ctx, theVictim), r.set(ctx, 2))
}

func aCount(_ context.Context, r rack) error {
	r.count(theVictim)
	return nil
}

func aSection(ctx context.Context, r rack) error { return r.with(ctx) }

var (
	arrayElement  = mp.Proc2(changing(2, anElement))
	arrayWords    = mp.Proc2(changing(4, aCount))
	arrayWith     = mp.Proc2(changing(1, aSection))
	arrayWithMany = mp.Proc2(changing(20, aSection))
)

// arrayPanics leaves the array in the middle of a section, and lives.
var arrayPanics = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	defer func() { _ = recover() }()
	return s.Rack.Rooms.WithContext(ctx, func(rooms []wide) {
		rooms[0][0]++
		panic("no")
	})
})

var arrayCancelled = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
	defer cancel()
	arm(n)
	s.Gate.Store(1)
	if err := s.Rack.Rooms.WithContext(ctx, s.Rack.section); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a cancelled wait for an array that is locked: %v", err)
	}
	return nil
})

// dieInSection leaves the array torn.
var dieInSection = mp.Proc(func(ctx context.Context, s stage) error {
	return s.Rack.Rooms.WithContext(ctx, func(rooms []wide) {
		rooms[0][0]++
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	})
})

// dieSetting dies at a step of a Set.
var dieSetting = mp.Proc2(func(ctx context.Context, s stage, at int) error {
	failpoint.Arm(at, nil)
	return errors.Join(s.Rack.set(ctx, 2), errors.New("alive"))
})

// sweepsArray is the parent of one that dies at a step of a Set.
var sweepsArray = mp.Proc3(func(ctx context.Context, s stage, at, n int) error {
	p := &mp.Process{Target: dieSetting(s, at), Name: "first"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	arm(n)
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

var useSparse = mp.Proc(func(_ context.Context, n int) error {
	arm(n)
	a := mp.NewArray[wide](1<<24, mp.Sparse)
	if w := a.At(1 << 23); w != (wide{}) {
		return fmt.Errorf("new memory is not zero: %v", w)
	}
	a.Set(1<<23, wide{1, -1}) // what comes after us in this memory must not see it
	return use(a)
})

func arrayScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	inSection := func(f *family, v *mp.Process) {
		_ = f.Rack.Rooms.WithContext(f.ctx, func([]wide) { f.atGate(v) })
	}
	untilEnd := func(f *family, v *mp.Process) {
		_ = f.Rack.Rooms.WithContext(f.ctx, func([]wide) { <-v.Done() })
	}
	torn := func(f *family) error {
		p := &mp.Process{Target: dieInSection(f.stage), Name: "first"}
		if err := p.Start(f.ctx); err != nil {
			return err
		}
		if exit, ok := errors.AsType[*mp.ExitError](p.JoinContext(f.ctx)); !ok || exit.Signal != syscall.SIGKILL {
			return fmt.Errorf("joining a killed child: %v", p.Join())
		}
		return nil
	}
	all := []scenario{
		{name: "array element alone", victim: on(arrayElement)},
		{name: "array element contended", victim: on(arrayElement), busy: true, most: 30},
		{name: "array element waited for", victim: on(arrayElement), during: inSection},
		{name: "array words alone", victim: on(arrayWords)},
		{name: "array words contended", victim: on(arrayWords), busy: true, most: 20},
		{name: "array with alone", victim: on(arrayWith), after: tornByVictim},
		{name: "array with contended", victim: on(arrayWithMany), busy: true, most: 40},
		{name: "array with that panics", victim: on(arrayPanics)},
		{name: "array waited for, cancelled", victim: on(arrayCancelled), during: untilEnd},
		{name: "array recovered", victim: on(arrayWith), setup: torn},
		{name: "array made sparse", victim: func(_ *family, n int) mp.Target { return useSparse(n) }},
	}
	for _, at := range []int{2, 3} {
		all = append(all, scenario{
			name:   fmt.Sprintf("sweep of one dead at step %d of an element", at),
			victim: func(f *family, n int) mp.Target { return sweepsArray(f.stage, at, n) },
		})
	}
	return all
}

// tornByVictim must be true after a death: who died in a section is named, and who died outside is not.
func tornByVictim(f *family) error {
	err := f.Rack.Rooms.WithContext(f.ctx, func([]wide) {})
	died, torn := errors.AsType[*mp.OwnerDiedError](err)
	switch want := fmt.Sprintf("victim-%d", f.n); {
	case err != nil && (!torn || died.Process != want || died.Object != "rooms"):
		return fmt.Errorf("after a death at %q the next is told %w, not of %s", f.step(), err, want)
	case !torn && f.killed != nil && f.inSection():
		return fmt.Errorf("after a death at %q the next is told nothing", f.step())
	}
	return nil
}

// inSection tells whether the victim was killed with the array half changed.
func (f *family) inSection() bool {
	switch f.killed.Step {
	case "crash: rack begun", "crash: rack: an element half changed", "crash: rack: one of two elements changed", "crash: rack done":
		return true
	}
	return false
}
