//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// count is the action of the barrier.
var count = mp.Proc(func(_ context.Context, met *mp.Value[int64]) error {
	failpoint.Hit("crash: action begun")
	mp.Add(met, 1)
	failpoint.Hit("crash: action done")
	return nil
})

// barrierWait comes to the barrier, which tells the victim nothing that is not told to others as well.
var barrierWait = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	s.Gate.Store(1)
	_, err := s.Meet.WaitContext(ctx)
	return err
})

// barrierLast comes when the parent waits.
var barrierLast = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	s.await(1)
	arm(n)
	_, err := s.Meet.WaitContext(ctx)
	return err
})

// barrierCancelled gives up waiting.
var barrierCancelled = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
	defer cancel()
	arm(n)
	_, err := s.Meet.WaitContext(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a cancelled wait for nobody: %v", err)
	}
	return nil
})

var barrierAborted = mp.Proc2(func(_ context.Context, s stage, n int) error {
	s.await(1)
	arm(n)
	s.Meet.Abort()
	return nil
})

// barrierReset resets the barrier under the parent that waits, and again.
var barrierReset = mp.Proc2(func(_ context.Context, s stage, n int) error {
	s.await(1)
	arm(n)
	s.Meet.Reset()
	s.Meet.Abort()
	s.Meet.Reset()
	return nil
})

// barrierLeft is a party no more, and dies as it likes.
var barrierLeft = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	s.Meet.Leave()
	arm(n)
	failpoint.Hit("crash: left")
	return nil
})

// meeting is the parent's side of one scenario.
type meeting struct{ met chan error }

// wait has the parent wait at the barrier, from before the victim is let go.
func (m meeting) wait(f *family, v *mp.Process) {
	go func() { _, err := f.Meet.WaitContext(f.ctx); m.met <- err }()
	for f.Meet.Waiting() == 0 && !f.Meet.Broken() {
		time.Sleep(50 * time.Microsecond)
	}
	time.Sleep(4 * time.Millisecond) // so that it sleeps
	f.Gate.Store(1)
	<-v.Done()
}

// come has the parent come when the victim waits.
func (m meeting) come(f *family, v *mp.Process) {
	f.atGate(v)
	go func() { _, err := f.Meet.WaitContext(f.ctx); m.met <- err }()
	<-v.Done()
}

// whole has the parent mend the barrier before each victim.
func whole(f *family) error { f.Meet.Reset(); return nil }

// told is what must be true of who waited with the victim: it went on, or it knows whom it waits for in vain.
// After a death at one of the early steps it cannot have gone on; nil: never. reasons are what a victim that lives gives it; none
// is that it goes on.
func (m meeting) told(early []string, reasons ...mp.BreakReason) func(f *family) error {
	return func(f *family) error {
		var err error
		select {
		case err = <-m.met:
		case <-time.After(within):
			return errors.New("who waits at the barrier was told nothing")
		}
		broken, ok := errors.AsType[*mp.BrokenBarrierError](err)
		switch {
		case err != nil && !ok:
			return err
		case ok && broken.Party != fmt.Sprintf("victim-%d", f.n):
			return fmt.Errorf("the barrier should be broken by victim-%d: %w", f.n, err)
		case ok && !slices.Contains(reasons, broken.Reason) && (broken.Reason != mp.BarrierDeath || f.killed == nil):
			return fmt.Errorf("broken for another reason than %v: %w", reasons, err)
		case err == nil && (early == nil || slices.Contains(early, f.step())):
			return fmt.Errorf("after a death at %q the barrier was passed", f.step())
		case f.killed != nil && f.step() != "exit: status told" && !f.Meet.Broken():
			return fmt.Errorf("after the death of a party, at %q, the barrier is whole", f.step())
		}
		return f.meetAgain()
	}
}

// Killed at these a victim has not done what lets the other pass. One that has come first, and dies waiting, may be
// counted until its death is noticed.
var (
	beforeComing  = []string{"barrier: seated"}
	beforePassing = []string{
		"barrier: seated", "barrier: arrived", "crash: action begun", "crash: action done", "barrier: acted", "barrier: passing",
	}
)

// meetAgain finds out whether the barrier can be mended.
func (f *family) meetAgain() error {
	f.Meet.Reset()
	before, other := f.Met.Load(), make(chan error, 1)
	ctx, cancel := context.WithTimeout(f.ctx, within)
	defer cancel()
	go func() { _, err := f.Meet.WaitContext(ctx); other <- err }()
	_, err := f.Meet.WaitContext(ctx)
	if err = errors.Join(err, <-other); err != nil {
		return fmt.Errorf("after a death at %q and a reset: %w", f.step(), err)
	}
	if n := f.Met.Load() - before; n != 1 {
		return fmt.Errorf("the action ran %d times in one turn", n)
	}
	return nil
}

func barrierScenarios() []scenario {
	m := meeting{make(chan error, 1)}
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	return []scenario{
		{name: "barrier waited at", victim: on(barrierWait), setup: whole, during: m.come, after: m.told(beforeComing)},
		{name: "barrier passed", victim: on(barrierLast), setup: whole, during: m.wait, after: m.told(beforePassing)},
		{name: "barrier cancelled", victim: on(barrierCancelled), setup: whole, during: func(f *family, v *mp.Process) {
			<-v.Done()
			_, err := f.Meet.WaitContext(f.ctx)
			m.met <- err
		}, after: m.told(nil, mp.BarrierCancelled)},
		{name: "barrier aborted", victim: on(barrierAborted), setup: whole, during: m.wait, after: m.told(nil, mp.BarrierAborted)},
		{name: "barrier reset", victim: on(barrierReset), setup: whole, during: m.wait, after: m.told(nil, mp.BarrierReset)},
		{name: "barrier left", victim: on(barrierLeft), setup: whole, after: func(f *family) error {
			if f.Meet.Broken() {
				return fmt.Errorf("broken by a process that has left it, and died at %q", f.step())
			}
			return f.meetAgain()
		}},
	}
}
