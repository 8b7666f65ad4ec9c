//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/multiproc/mp"
)

var rlockRounds = mp.Proc3(func(ctx context.Context, s stage, n, rounds int) error {
	arm(n)
	s.Gate.Store(1)
	for range rounds {
		if err := s.Nested.round(ctx); err != nil {
			return err
		}
	}
	return nil
})

// runlockWaited has the lock twice, and leaves it when somebody waits.
var runlockWaited = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	h := s.Nested.RLock.Holder()
	if err := s.Nested.lock(ctx, h); err != nil {
		return err
	}
	h.Lock()
	s.Gate.Store(1)
	s.await(2)
	arm(n)
	h.Unlock()
	err := s.Nested.section(h)
	h.Unlock()
	return err
})

var rlockCancelled = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
	defer cancel()
	arm(n)
	s.Gate.Store(1)
	if err := s.Nested.RLock.Holder().LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a cancelled wait for an rlock that is held: %v", err)
	}
	return nil
})

// rlockPanics panics in With with somebody waiting, and lives.
var rlockPanics = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	h := s.Nested.RLock.Holder()
	if err := s.Nested.lock(ctx, h); err != nil {
		return err
	}
	s.Gate.Store(1)
	s.await(2)
	arm(n)
	s.Nested.panics(h)
	h.Unlock()
	return nil
})

// lockPanics is the same with a Lock.
var lockPanics = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	defer func() { _ = recover() }()
	s.Lock.With(func() {
		s.Pair.Ptr()[0]++
		s.Gate.Store(1)
		panic("in the section")
	})
	return nil
})

// dieNested dies with the lock at two levels, over a torn pair.
var dieNested = mp.Proc(func(ctx context.Context, s stage) error {
	h := s.Nested.RLock.Holder()
	if err := s.Nested.lock(ctx, h); err != nil {
		return err
	}
	h.Lock()
	s.Nested.Pair.Ptr()[0]++
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
})

// sweepsNested is the parent of one that dies so: it sweeps it.
var sweepsNested = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	p := &mp.Process{Target: dieNested(s), Name: "first"}
	arm(n)
	if err := p.Start(ctx); err != nil {
		return err
	}
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

// Killed at these, beside those of a Lock, a victim has the RLock.
var holdingNested = append(slices.Clone(holding), "rlock: taken", "rlock: signed", "rlock: leaving", "rlock: token cleared", "lock: abandoning", "torn: noting", "torn: noted", "sweep: waits ended")

// ownedNested is owned for the RLock.
func ownedNested(name string) func(f *family) error {
	return func(f *family) error {
		died, err := f.Nested.told(f.ctx)
		if err != nil {
			return err
		}
		want := ""
		switch step := f.step(); {
		case slices.Contains(holdingNested, step):
			want = fmt.Sprintf("victim-%d", f.n)
		case name != "" && slices.Contains(abandoned, step):
			want = name
		}
		switch {
		case want == "" && died != nil:
			return fmt.Errorf("after a death at %q the rlock should be free, and LockContext says: %w", f.step(), died)
		case want != "" && (died == nil || died.Process != want || died.Panicked):
			return fmt.Errorf("after a death at %q the rlock should tell of %s, and LockContext says: %v", f.step(), want, died)
		}
		if found := f.look.Check(); len(found) > 0 { // before somebody takes it, and covers what was left in it
			return fmt.Errorf("after a death at %q package inspect finds %v", f.step(), found)
		}
		return nil
	}
}

// torn: a victim that panics leaves the lock torn: by its death, until it has said that it was a panic.
func torn(f *family, died *mp.OwnerDiedError, err error) error {
	panicked := !slices.Contains(holdingNested, f.step())
	if err == nil && (died == nil || died.Process != fmt.Sprintf("victim-%d", f.n) || died.Panicked != panicked) {
		err = fmt.Errorf("after a death at %q the lock should tell of it (a panic: %t), and says %v", f.step(), panicked, died)
	}
	return err
}

// toldOfTheFirst: the first death is told of, whatever became of who swept it. A victim that was killed before its child
// lived leaves nothing to tell.
func toldOfTheFirst(f *family) error {
	died, err := f.Nested.told(f.ctx)
	if err == nil && died != nil && died.Process != "first" || err == nil && died == nil && slices.Contains(sweeping, f.step()) {
		err = fmt.Errorf("after a death at %q the rlock should tell of the first, and says %v", f.step(), died)
	}
	return err
}

// At these a victim that joins its child was sweeping it.
var sweeping = []string{"sweep: taken", "sweep: locks free", "sweep: heap done", "sweep: rlock", "sweep: token cleared", "sweep: lock", "sweep: objects done", "sweep: dropping", "sweep: board done"}

func rlockScenarios() []scenario {
	var mine *mp.Holder
	rounds := func(n int) func(f *family, k int) mp.Target {
		return func(f *family, k int) mp.Target { return rlockRounds(f.stage, k, n) }
	}
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	hold := func(f *family) (err error) {
		mine, err = f.Nested.hold(f.ctx)
		return err
	}
	release := func(f *family, v *mp.Process) {
		f.atGate(v)
		mine.Unlock()
	}
	waited := func(f *family, v *mp.Process) {
		f.atGate(v)
		f.Mode.Store(busy) // both survivors wait for the victim
		time.Sleep(4 * time.Millisecond)
		f.Gate.Store(2)
	}
	return []scenario{
		{name: "rlock alone", victim: rounds(1), after: ownedNested("")},
		{name: "rlock contended", victim: rounds(20), busy: true, most: 60},
		{name: "rlock waited for", victim: rounds(1), setup: hold, during: release, after: ownedNested("")},
		{name: "rlock waited for by many", victim: rounds(1), busy: true, setup: hold, during: release, most: 20},
		{name: "unlock of an rlock with a waiter", victim: on(runlockWaited), during: waited},
		{name: "rlock cancelled", victim: on(rlockCancelled), setup: hold, during: func(f *family, v *mp.Process) {
			<-v.Done()
			mine.Unlock()
		}, after: ownedNested("")},
		{name: "rlock recovered", victim: rounds(1), setup: func(f *family) error {
			first := &mp.Process{Target: dieNested(f.stage), Name: "first"}
			if err := first.Start(f.ctx); err != nil {
				return err
			}
			return f.join(first)
		}, after: ownedNested("first")},
		{name: "with that panics in an rlock", victim: on(rlockPanics), during: func(f *family, v *mp.Process) {
			f.atGate(v)
			f.Gate.Store(2)
		}, after: func(f *family) error {
			died, err := f.Nested.told(f.ctx)
			return torn(f, died, err)
		}},
		{name: "with that panics before waiters", victim: on(rlockPanics), during: waited},
		{name: "with that panics in a lock", victim: on(lockPanics), after: func(f *family) error {
			died, _ := errors.AsType[*mp.OwnerDiedError](f.lockSoon())
			return torn(f, died, nil)
		}},
		{name: "sweep of one dead in an rlock", victim: on(sweepsNested), after: toldOfTheFirst},
	}
}
