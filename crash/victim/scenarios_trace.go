//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/multiproc/mp"
)

// traced are two locks that tell of cycles. The parent has recorded something before the first victim, so that its
// records are not taken for what a victim has left.
type traced struct{ Left, Right *mp.Lock }

func newTraced() traced {
	t := traced{mp.NewLock(mp.DetectDeadlock, mp.Name("left")), mp.NewLock(mp.DetectDeadlock, mp.Name("right"))}
	t.Left.Lock()
	t.Left.Unlock() //nolint:staticcheck // for the record
	return t
}

// tracedAlone locks twice so that a record is used again.
var tracedAlone = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	for range 2 {
		if err := s.Traced.Left.LockContext(ctx); err != nil {
			return err
		}
		s.Traced.Left.Unlock()
	}
	return nil
})

var tracedWaiting = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	s.Gate.Store(1)
	if err := s.Traced.Left.LockContext(ctx); err != nil {
		return err
	}
	s.Traced.Left.Unlock()
	return nil
})

// tracedCycle has the right one, and wants the left one of a parent that wants the right one.
var tracedCycle = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	if err := s.Traced.Right.LockContext(ctx); err != nil {
		return err
	}
	s.Gate.Store(1)
	err := s.Traced.Left.LockContext(ctx)
	if err == nil {
		s.Traced.Left.Unlock()
	}
	s.Traced.Right.Unlock()
	return unlessRefused(err)
})

func unlessRefused(err error) error {
	if _, refused := errors.AsType[*mp.DeadlockError](err); refused {
		return nil
	}
	return err
}

// mendTraced takes a lock that a victim may have left, and frees it.
func (f *family) mendTraced(l *mp.Lock) error {
	ctx, cancel := context.WithTimeout(f.ctx, within)
	defer cancel()
	if err := l.Recover(ctx, nil); err != nil {
		return fmt.Errorf("after a death at %q: %w", f.step(), err)
	}
	l.Unlock()
	return nil
}

func traceScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	hold := func(f *family) error { return f.Traced.Left.LockContext(f.ctx) }
	free := func(f *family) error {
		for _, l := range []*mp.Lock{f.Traced.Left, f.Traced.Right} {
			if err := f.mendTraced(l); err != nil {
				return err
			}
		}
		if found, err := f.look.Deadlocks(); err != nil || len(found) > 0 {
			return fmt.Errorf("deadlocks %+v, %w", found, err)
		}
		return nil
	}
	return []scenario{
		{name: "traced lock alone", victim: on(tracedAlone), after: free},
		{name: "traced lock waited for", victim: on(tracedWaiting), setup: hold, during: func(f *family, v *mp.Process) {
			f.atGate(v)
			f.Traced.Left.Unlock()
		}, after: free},
		{name: "deadlock", victim: on(tracedCycle), setup: hold, during: func(f *family, v *mp.Process) {
			f.atGate(v)
			if f.Traced.Right.LockContext(f.ctx) == nil { // else it was refused, or the victim is dead
				f.Traced.Right.Unlock()
			}
			f.Traced.Left.Unlock()
		}, after: free},
	}
}
