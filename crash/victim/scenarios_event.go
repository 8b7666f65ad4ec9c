//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/multiproc/mp"
)

// eventAlone goes through everything that an event has.
var eventAlone = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	s.Event.Set()
	s.Event.Wait()
	s.Event.Clear()
	s.Event.Set()
	s.Event.Clear()
	return nil
})

// eventSet comes while the parent waits.
var eventSet = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	s.await(1)
	arm(n)
	s.Event.Set()
	return nil
})

// eventPulse leaves it cleared: who waited has to notice that it was set.
var eventPulse = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	s.await(1)
	arm(n)
	s.Event.Set()
	s.Event.Clear()
	return nil
})

var eventWait = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	s.Gate.Store(1)
	return s.Event.WaitContext(ctx)
})

var eventCancelled = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
	defer cancel()
	arm(n)
	s.Gate.Store(1)
	if err := s.Event.WaitContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a cancelled wait for an event that nobody sets: %v", err)
	}
	return nil
})

func eventScenarios() []scenario {
	const waiters = 3
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	woken := make(chan error, waiters)
	clear := func(f *family) error { f.Event.Clear(); return nil }
	wait := func(f *family, v *mp.Process) {
		for range waiters {
			go func() { woken <- f.Event.WaitContext(f.ctx) }()
		}
		time.Sleep(4 * time.Millisecond) // so that they sleep
		f.Gate.Store(1)
		<-v.Done()
	}
	// told is what must be true of those who wait when the one who was to set the event has died: they are woken if
	// it was set, and still there if not.
	told := func(f *family) error {
		if f.step() == "event: setting" { // all that comes later is after the commit
			if len(woken) > 0 {
				return fmt.Errorf("a waiter has come back from an event that nobody has set: %v", <-woken)
			}
			f.Event.Set()
		}
		for range waiters {
			select {
			case err := <-woken:
				if err != nil {
					return err
				}
			case <-time.After(within):
				return errors.New("the event was set, and a waiter still sleeps")
			}
		}
		return nil
	}
	return []scenario{
		{name: "event alone", victim: on(eventAlone), setup: clear},
		{name: "event set", victim: on(eventSet), setup: clear, during: wait, after: told},
		{name: "event set and cleared", victim: on(eventPulse), setup: clear, during: wait, after: told},
		{name: "event waited for", victim: on(eventWait), setup: clear, during: func(f *family, v *mp.Process) {
			f.atGate(v)
			f.Event.Set()
		}},
		{name: "event wait cancelled", victim: on(eventCancelled), setup: clear},
	}
}
