//go:build linux

package main

import (
	"context"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// party has the RLock two levels deep.
func (s nested) party() party {
	h := s.RLock.Holder()
	lock := func(ctx context.Context) error {
		err := s.lock(ctx, h)
		if err == nil {
			h.Lock()
		}
		return err
	}
	return party{s.Cond.By(h), lock, func() { h.Unlock(); h.Unlock() }}
}

// waitNested is waitOnce with two levels, which the wait lets go of.
var waitNested = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	me := s.Nested.party()
	if err := me.lock(ctx); err != nil {
		return err
	}
	s.Gate.Store(1)
	if err := me.WaitContext(ctx); err != nil {
		return err
	}
	s.Gate.Store(acted)
	me.unlock()
	failpoint.Hit("crash: unlocked")
	return nil
})

var notifyNested = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	me := s.Nested.party()
	if err := me.lock(ctx); err != nil {
		return err
	}
	me.Notify(1)
	s.Gate.Store(acted)
	me.unlock()
	failpoint.Hit("crash: unlocked")
	return nil
})

// tearNested panics in a With below another level, and lives.
var tearNested = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	h := s.Nested.RLock.Holder()
	if err := s.Nested.lock(ctx, h); err != nil {
		return err
	}
	s.Nested.panics(h)
	h.Unlock()
	return nil
})

// rconditionScenarios are those of a condition over an RLock: what differs is how its lock is let go of, and torn.
func rconditionScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	return []scenario{
		{name: "condition of an rlock waited for", nested: true, victim: on(waitNested), setup: (*family).turnToVictim, during: notifyVictim, after: handedOn},
		{name: "condition of an rlock notified", nested: true, victim: on(notifyNested), setup: wait(2), after: oneNotified},
		{name: "with that panics before waits", nested: true, victim: on(tearNested), setup: wait(3), after: allNotified},
	}
}
