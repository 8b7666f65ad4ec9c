//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// editAll does them all, one after the other.
var editAll = mp.Proc2(func(_ context.Context, a atlas, n int) error {
	arm(n)
	for _, e := range a.Edits {
		if err := e.on(a.Dict); err != nil {
			return err
		}
	}
	return nil
})

var clearAll = mp.Proc2(func(_ context.Context, a atlas, n int) error {
	arm(n)
	a.Dict.Clear()
	return nil
})

var makeDict = mp.Proc(func(_ context.Context, n int) error {
	arm(n)
	d := mp.NewDict[int, page]()
	if err := d.Set(1, newPage(1, 1, 1)); err != nil { // its shard's first table
		return err
	}
	return use(d)
})

// editContended updates one page beside the parent.
var editContended = mp.Proc3(func(_ context.Context, s stage, a atlas, n int) error {
	arm(n)
	s.Gate.Store(1)
	for range 10 {
		if err := a.turn(0); err != nil {
			return err
		}
	}
	return nil
})

// turn adds a turn to a page that others turn too.
func (a atlas) turn(key int) error {
	_, err := a.Dict.Update(key, func(old page, _ bool) page { return newPage(key, old.Turn+1, old.Turn/4*31%200) })
	return err
}

var dieEditing = mp.Proc2(func(_ context.Context, a atlas, at int) error {
	failpoint.Arm(at, nil)
	for _, e := range a.Edits {
		if err := e.on(a.Dict); err != nil {
			return err
		}
	}
	return errors.New("alive")
})

// sweepsAtlas is the parent of one that dies at a step of a change.
var sweepsAtlas = mp.Proc3(func(ctx context.Context, a atlas, at, n int) error {
	p := &mp.Process{Target: dieEditing(a, at), Name: "first"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	arm(n)
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

// current is the atlas of the scenario; it goes with it.
var current atlas

// turned is how often the parent has turned page 0, and what it has met.
var turned struct {
	times int
	err   error
}

func setupAtlas(edits ...edit) func(f *family) error {
	return func(*family) (err error) {
		current, err = newAtlas(edits)
		turned.times, turned.err = 0, nil
		return err
	}
}

// setupFew leaves three pages, one of them large.
func setupFew(f *family) error {
	err := setupAtlas()(f)
	for key := range pages {
		if key > 2 {
			current.Dict.Delete(key)
		}
	}
	return err
}

// edited must be true after a death.
func edited(f *family) error {
	return closedAtlas(f, current.begun)
}

func cleared(f *family) error {
	return closedAtlas(f, func() error {
		_, err := current.read() // some are there, all whole
		return err
	})
}

// contended: no turn is lost, neither the parent's nor one that the victim has counted.
func contended(f *family) error {
	return closedAtlas(f, func() error {
		got, err := current.read()
		if n := got[0][0] - turned.times; err == nil && (n < 0 || n > 10 || f.killed == nil && n != 10) {
			err = fmt.Errorf("%d turns, %d of them the parent's", got[0][0], turned.times)
		}
		return errors.Join(err, turned.err)
	})
}

// closedAtlas checks, uses all of the dict, has package inspect look at it, and lets it go.
func closedAtlas(f *family, check func() error) error {
	if err := check(); err != nil {
		return fmt.Errorf("after a death at %q: %w", f.step(), err)
	}
	err := errors.Join(current.usable(), setupAtlas()(f))
	if found := f.look.Check(); len(found) > 0 {
		err = errors.Join(err, fmt.Errorf("package inspect finds %v", found))
	}
	current = atlas{}
	return err
}

func dictScenarios() []scenario {
	fresh := make([]edit, 6)
	for i := range fresh {
		fresh[i] = edit{set, pages + i, 10 * i}
	}
	named := map[string][]edit{
		"new":     fresh,
		"large":   {{set, 1, 5000}, {set, 20, 5000}, {set, 40, 10}},
		"changed": {{set, 1, firstSize(1)}, {set, 2, 200}, {update, 3, 40}, {update, 99, 10}, {setDefault, 3, 5}, {setDefault, 98, 5}},
		"deleted": {{remove, 5, 0}, {remove, 20, 0}, {pop, 6, 0}, {pop, 40, 0}, {removeIf, 7, 0}, {remove, 1000, 0}},
		"again":   {{remove, 5, 0}, {set, 5, 50}, {remove, 5, 0}, {set, 5, 60}},
	}
	on := func(victim func(atlas, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(_ *family, n int) mp.Target { return victim(current, n) }
	}
	all := []scenario{
		{name: "dict cleared", setup: setupFew, victim: on(clearAll), after: cleared},
		{name: "dict made", victim: func(_ *family, n int) mp.Target { return makeDict(n) }},
		{
			name: "dict contended", setup: setupAtlas(), most: 40, after: contended,
			victim: func(f *family, n int) mp.Target { return editContended(f.stage, current, n) },
			during: func(f *family, v *mp.Process) {
				f.atGate(v)
				for v.Alive() && turned.err == nil {
					if turned.err = current.turn(0); turned.err == nil {
						turned.times++
					}
				}
			},
		},
	}
	for _, name := range []string{"new", "large", "changed", "deleted", "again"} {
		all = append(all, scenario{name: "dict " + name, setup: setupAtlas(named[name]...), victim: on(editAll), after: edited})
	}
	for _, at := range []int{5, 12} {
		all = append(all, scenario{
			name: fmt.Sprintf("sweep of one dead at step %d of a dict's change", at), setup: setupAtlas(named["changed"]...), after: edited,
			victim: func(_ *family, n int) mp.Target { return sweepsAtlas(current, at, n) },
		})
	}
	return all
}
