//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
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
