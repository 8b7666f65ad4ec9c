//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/queue"
)

// dock is the freight of a scenario, and how much the arena had left when nothing was on it yet.
var dock struct {
	freight
	left int64
	drop bool // a victim may have dropped what was on it
	done chan error
}

func openDock(*family) error {
	runtime.GC() // handles of the one before
	dock.freight, dock.done, dock.drop = newFreight(), nil, false
	dock.left = mp.DefaultArena().Left()
	return nil
}

// fullDock has no room for what the victim ships.
func fullDock(f *family) error {
	if err := openDock(f); err != nil {
		return err
	}
	return errors.Join(dock.load(f.ctx, theOwner), dock.load(f.ctx, theOwner), dock.load(f.ctx, theOwner))
}

var shipAlone = mp.Proc2(func(ctx context.Context, f freight, n int) error {
	arm(n)
	for range 2 {
		if err := errors.Join(f.load(ctx, theShipper), f.unload(ctx, theShipper)); err != nil {
			return err
		}
	}
	return nil
})

var shipOnly = mp.Proc3(func(ctx context.Context, s stage, f freight, n int) error {
	arm(n)
	s.Gate.Store(1)
	return f.load(ctx, theShipper)
})

// dropFreight ends the queue with messages on it.
var dropFreight = mp.Proc2(func(ctx context.Context, f freight, n int) error {
	if err := errors.Join(f.load(ctx, theShipper), f.load(ctx, theShipper), f.unload(ctx, theShipper)); err != nil {
		return err
	}
	arm(n)
	f.Dock.ShutdownNow()
	failpoint.Hit("crash: dropped")
	return nil
})

// leaveDock drops the last handle of a queue with messages on it, when the garbage collector finds it.
var leaveDock = mp.Proc(func(ctx context.Context, n int) error {
	left := mp.DefaultArena().Left()
	if err := newFreight().load(ctx, theShipper); err != nil {
		return err
	}
	arm(n)
	for mp.DefaultArena().Left() < left && ctx.Err() == nil {
		runtime.GC()
	}
	failpoint.Hit("crash: dock left")
	return ctx.Err()
})

var dieShipping = mp.Proc2(func(ctx context.Context, f freight, at int) error {
	if err := f.load(ctx, theShipper); err != nil {
		return err
	}
	c := &f.Books.Ptr()[theShipper]
	c.GetBegun++
	l, err := mp.Borrow(ctx, f.Dock)
	if err != nil {
		return err
	}
	c.GetDone++
	defer l.Release()
	failpoint.Arm(at, nil)
	return errors.Join(f.load(ctx, theShipper), errors.New("alive"))
})

// sweepsFreight is the parent of one that dies with several blocks in hand.
var sweepsFreight = mp.Proc3(func(ctx context.Context, f freight, at, n int) error {
	p := &mp.Process{Target: dieShipping(f, at), Name: "first"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	arm(n)
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

// shipBeside has this process ship and unload as well, until the victim has ended.
func shipBeside(f *family, v *mp.Process) {
	d, done := dock.freight, make(chan error, 1)
	dock.done = done
	if err := d.load(f.ctx, theOwner); err != nil { // so that a victim killed with some never leaves too few
		return
	}
	ctx := f.ctx
	go func() {
		for {
			select {
			case <-v.Done():
				done <- nil
				return
			default:
			}
			if err := errors.Join(d.load(ctx, theOwner), d.unload(ctx, theOwner)); err != nil {
				done <- err
				return
			}
		}
	}()
}

// unloadFor makes room for the victim.
func unloadFor(f *family, v *mp.Process) {
	f.atGate(v)
	_ = errors.Join(dock.unload(f.ctx, theOwner), dock.unload(f.ctx, theOwner)) // without it the victim hangs, which is noticed
}

// afterFreight must be true after a death: what is left is whole, this process goes on, and nothing leaks.
func afterFreight(f *family) error {
	if dock.done != nil {
		if err := f.ends(dock.done, "the shipping beside it"); err != nil {
			return err
		}
	}
	d := dock.freight
	if err := d.inventory(f.ctx, dock.drop); err != nil {
		return fmt.Errorf("after a death at %q: %w", f.step(), err)
	}
	err := d.load(f.ctx, theOwner)
	if err == nil {
		err = d.unload(f.ctx, theOwner)
	}
	if err != nil && !errors.Is(err, queue.ErrShutDown) {
		return fmt.Errorf("after a death at %q: %w", f.step(), err)
	}
	if err := d.clear(dock.left); err != nil {
		return fmt.Errorf("after a death at %q: %w", f.step(), err)
	}
	dock.freight, dock.done = freight{}, nil
	runtime.GC()
	return nil
}

func droppedDock(f *family) error {
	err := openDock(f)
	dock.drop = true
	return err
}

func freightScenarios() []scenario {
	alone := func(victim func(freight, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(_ *family, n int) mp.Target { return victim(dock.freight, n) }
	}
	all := []scenario{
		{name: "freight alone", setup: openDock, after: afterFreight, victim: alone(shipAlone)},
		{name: "freight contended", setup: openDock, during: shipBeside, after: afterFreight, victim: alone(shipAlone), most: 60},
		{
			name: "freight waits for room", setup: fullDock, during: unloadFor, after: afterFreight,
			victim: func(f *family, n int) mp.Target { return shipOnly(f.stage, dock.freight, n) },
		},
		{name: "freight dropped", setup: droppedDock, after: afterFreight, victim: alone(dropFreight)},
	}
	all = append(all, scenario{
		name: "freight left behind", victim: func(_ *family, n int) mp.Target { return leaveDock(n) },
	})
	for _, at := range []int{2, 8} {
		all = append(all, scenario{
			name: fmt.Sprintf("sweep of one dead at step %d of shipping", at), setup: openDock, after: afterFreight,
			victim: func(_ *family, n int) mp.Target { return sweepsFreight(dock.freight, at, n) },
		})
	}
	return all
}
