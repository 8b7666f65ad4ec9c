//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/multiproc/mp"
)

// party is a goroutine's way to the scenario's condition.
type party struct {
	*mp.Condition
	lock   func(ctx context.Context) error // for one who can mend
	unlock func()
}

func (f *family) party() party {
	if f.scenario.nested {
		return f.Nested.party()
	}
	return party{f.Cond, f.stage.lock, f.Cond.Unlock}
}

// waiter has a goroutine of this process wait on the condition, and tells how it ended.
func (f *family) waiter() <-chan error {
	joined, done := make(chan struct{}), make(chan error, 1)
	go func() {
		me := f.party()
		err := me.lock(f.ctx)
		close(joined) // with the lock: who gets it next finds us waiting
		if err == nil {
			err = me.WaitContext(f.ctx)
			if _, died := errors.AsType[*mp.OwnerDiedError](err); !died {
				me.unlock()
			} else {
				err = nil
			}
		}
		done <- err
	}()
	<-joined
	return done
}

func (f *family) notify(n int) error {
	me := f.party()
	if err := me.lock(f.ctx); err != nil {
		return err
	}
	me.Notify(n)
	me.unlock()
	return nil
}

// held tells whether the victim has died with the condition's lock.
func (f *family) held() bool {
	if f.scenario.nested {
		return slices.Contains(holdingNested, f.step())
	}
	return slices.Contains(holding, f.step())
}

// turnToVictim has this process notified, so that the victim is next.
func (f *family) turnToVictim() error {
	done := f.waiter()
	return errors.Join(f.notify(1), <-done)
}

func (f *family) ends(done <-chan error, what string) error {
	select {
	case err := <-done:
		return err
	case <-time.After(within):
		return fmt.Errorf("after a death at %q %s has not ended in %v", f.step(), what, within)
	}
}

// waits are those of this process: one at a time performs scenarios.
var waits []<-chan error

// wait has n goroutines of this process wait.
func wait(n int) func(f *family) error {
	return func(f *family) error {
		waits = nil
		for range n {
			waits = append(waits, f.waiter())
		}
		return nil
	}
}

// allEnd must be true if all waits were notified, or the lock's holder has died.
func (f *family) allEnd() error {
	var errs []error
	for _, w := range waits {
		errs = append(errs, f.ends(w, "a wait"))
	}
	return errors.Join(errs...)
}

// notifyVictim has a goroutine of this process wait behind the victim, and notifies one.
func notifyVictim(f *family, v *mp.Process) {
	f.atGate(v)
	_ = wait(1)(f)
	if err := f.notify(1); err != nil {
		waits = nil // which handedOn finds
	}
	if f.Gate.Load() != 0 {
		<-v.Done()
	}
}

// handedOn: the notification that the victim did not live to act on has ended the other wait.
func handedOn(f *family) error {
	if len(waits) != 1 {
		return errors.New("the notification could not be made")
	}
	if f.Gate.Load() == acted && !f.held() {
		if err := f.notify(1); err != nil { // the first was for the victim, which has acted on it
			return err
		}
	}
	return f.ends(waits[0], "the wait to which its notification goes")
}

// oneNotified: if the notifier has come to its end, its one notification has ended the older of two waits.
func oneNotified(f *family) error {
	switch {
	case f.held(): // all waits end
		return f.allEnd()
	case f.Gate.Load() != acted:
		return errors.Join(f.notify(2), f.allEnd())
	}
	if err := f.ends(waits[0], "the older of two waits"); err != nil {
		return err
	}
	waits = waits[1:]
	select {
	case err := <-waits[0]:
		return fmt.Errorf("both waits have ended by one notification: %v", err)
	default:
		return errors.Join(f.notify(1), f.allEnd())
	}
}

func allNotified(f *family) error {
	if f.step() != "" && !f.held() {
		if err := f.notify(3); err != nil { // too many, if it had come so far
			return err
		}
	}
	return f.allEnd()
}

// conditionScenarios: a wait of this process must end by the notification that the victim did not live to act on, or
// because the victim had the lock.
func conditionScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	return []scenario{
		{name: "condition waited for", victim: on(waitOnce), setup: (*family).turnToVictim, during: notifyVictim, after: handedOn},
		{name: "condition waited for by two", victim: on(waitInTwo), setup: (*family).turnToVictim, during: notifyVictim, after: handedOn, most: 40},
		{name: "condition cancelled", victim: on(waitCancelled), setup: wait(1), after: func(f *family) error {
			return errors.Join(f.notify(1), f.allEnd())
		}},
		{name: "condition contended", victim: on(waitContended), busy: true, most: 60},
		{name: "condition notified", victim: on(notifyOne), setup: wait(2), after: oneNotified},
		{name: "condition, all notified", victim: on(notifyAll), setup: wait(3), after: allNotified},
	}
}
