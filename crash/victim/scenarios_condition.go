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

// acted is what the gate says once a notified victim has had the lock.
const acted = 3

// waitOnce waits to be notified, and acts on it.
var waitOnce = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	if err := s.lock(ctx); err != nil {
		return err
	}
	s.Gate.Store(1)
	if err := s.Cond.WaitContext(ctx); err != nil {
		return err
	}
	s.Gate.Store(acted)
	err := s.section()
	s.Cond.Unlock()
	failpoint.Hit("crash: unlocked")
	return err
})

// waitInTwo waits in two goroutines, so that one sleeps for both.
var waitInTwo = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	other := make(chan error)
	if err := s.lock(ctx); err != nil {
		return err
	}
	go func() {
		err := s.lock(ctx)
		if err == nil {
			err = s.Cond.WaitContext(ctx)
		}
		other <- err
	}()
	arm(n)
	s.Gate.Store(1)
	if err := s.Cond.WaitContext(ctx); err != nil {
		return err
	}
	s.Gate.Store(acted)
	s.Cond.Notify(1) // there may be nobody: the other may not have come so far
	s.Cond.Unlock()
	return nil
})

var waitCancelled = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
	defer cancel()
	arm(n)
	s.Gate.Store(1)
	if err := s.Cond.WaitContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a wait that nobody ends: %v", err)
	}
	s.Cond.Unlock()
	return nil
})

// waitContended waits for the survivors, who notify all the time.
var waitContended = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	for range 10 {
		if err := s.lock(ctx); err != nil {
			return err
		}
		err := s.Cond.WaitContext(ctx)
		if _, died := errors.AsType[*mp.OwnerDiedError](err); died {
			continue
		}
		if err == nil {
			err = s.section()
		}
		s.Cond.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
})

var notifyOne = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	if err := s.lock(ctx); err != nil {
		return err
	}
	s.Cond.Notify(1)
	s.Gate.Store(acted)
	s.Cond.Unlock()
	failpoint.Hit("crash: unlocked")
	return nil
})

var notifyAll = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	if err := s.lock(ctx); err != nil {
		return err
	}
	s.Cond.NotifyAll()
	s.Cond.Unlock()
	return nil
})

// waiter has a goroutine of this process wait on the condition, and tells how it ended.
func (f *family) waiter() <-chan error {
	joined, done := make(chan struct{}), make(chan error, 1)
	go func() {
		err := f.lock(f.ctx)
		close(joined) // with the lock: who gets it next finds us waiting
		if err == nil {
			err = f.Cond.WaitContext(f.ctx)
			if _, died := errors.AsType[*mp.OwnerDiedError](err); !died {
				f.Cond.Unlock()
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
	if err := f.lock(f.ctx); err != nil {
		return err
	}
	f.Cond.Notify(n)
	f.Cond.Unlock()
	return nil
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

// conditionScenarios: a wait of this process must end by the notification that the victim did not live to act on, or
// because the victim had the lock.
func conditionScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	var waits []<-chan error
	wait := func(n int) func(f *family) error {
		return func(f *family) error {
			waits = nil
			for range n {
				waits = append(waits, f.waiter())
			}
			return nil
		}
	}
	notified := func(f *family, v *mp.Process) {
		f.atGate(v)
		_ = wait(1)(f)
		if err := f.notify(1); err != nil {
			waits = nil // which after finds
		}
		if f.Gate.Load() != 0 {
			<-v.Done()
		}
	}
	handedOn := func(f *family) error {
		if len(waits) != 1 {
			return errors.New("the notification could not be made")
		}
		if f.Gate.Load() == acted && !slices.Contains(holding, f.step()) {
			if err := f.notify(1); err != nil { // the first was for the victim, which has acted on it
				return err
			}
		}
		return f.ends(waits[0], "the wait to which its notification goes")
	}
	return []scenario{
		{name: "condition waited for", victim: on(waitOnce), setup: (*family).turnToVictim, during: notified, after: handedOn},
		{name: "condition waited for by two", victim: on(waitInTwo), setup: (*family).turnToVictim, during: func(f *family, v *mp.Process) {
			notified(f, v)
		}, after: handedOn, most: 40},
		{name: "condition cancelled", victim: on(waitCancelled), setup: wait(1), after: func(f *family) error {
			if err := f.notify(1); err != nil {
				return err
			}
			return f.ends(waits[0], "a wait that was notified")
		}},
		{name: "condition contended", victim: on(waitContended), busy: true, most: 60},
		{name: "condition notified", victim: on(notifyOne), setup: wait(2), after: func(f *family) error {
			switch {
			case slices.Contains(holding, f.step()): // all waits end
			case f.Gate.Load() == acted: // one has ended
				select {
				case err := <-waits[0]:
					waits = waits[1:]
					if err != nil {
						return err
					}
				case <-time.After(within):
					return errors.New("the older of two waits has not got the one notification")
				}
				select {
				case err := <-waits[0]:
					return fmt.Errorf("both waits have ended by one notification: %v", err)
				default:
				}
				if err := f.notify(1); err != nil {
					return err
				}
			default:
				if err := f.notify(2); err != nil {
					return err
				}
			}
			var errs []error
			for _, w := range waits {
				errs = append(errs, f.ends(w, "a wait"))
			}
			return errors.Join(errs...)
		}},
		{name: "condition, all notified", victim: on(notifyAll), setup: wait(3), after: func(f *family) error {
			if f.step() != "" && !slices.Contains(holding, f.step()) {
				if err := f.notify(3); err != nil { // too many, if it had come so far
					return err
				}
			}
			var errs []error
			for _, w := range waits {
				errs = append(errs, f.ends(w, "a wait"))
			}
			return errors.Join(errs...)
		}},
	}
}
