//go:build linux

package mp_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
)

func TestTracedCondition(t *testing.T) {
	t.Run("Lock", func(t *testing.T) {
		conform.Condition(t, func(*testing.T) conform.Waiter { return mp.NewCondition(nil, mp.Trace) })
	})
	t.Run("RLock", func(t *testing.T) {
		conform.Condition(t, func(*testing.T) conform.Waiter { return conform.Nested(mp.NewRCondition(nil, mp.Trace), 3) })
	})
	a := looker(t)
	if found := a.Check(); len(found) > 0 {
		t.Error(found)
	}
	s, err := a.Snapshot()
	if err != nil || s.Processes[0].Untraced != 0 {
		t.Errorf("%v, %+v", err, s.Processes)
	}
}

// A wait that was notified, and cannot have the lock again because of a deadlock, is refused without the lock.
func TestConditionOfADeadlock(t *testing.T) {
	lock := func() conform.Waiter { return mp.NewCondition(nil, mp.DetectDeadlock) }
	rlock := func() conform.Waiter { return conform.Nested(mp.NewRCondition(nil, mp.DetectDeadlock), 2) }
	for _, c := range []struct {
		name   string
		waiter func() conform.Waiter
		wait   func(c conform.Waiter, ok func() bool) error
		where  string
	}{
		{"Lock", lock, func(c conform.Waiter, ok func() bool) error { return c.WaitForContext(context.Background(), ok) }, "deadlock_condition_test.go:"},
		{"Lock, without an error", lock, func(c conform.Waiter, ok func() bool) (err error) {
			defer func() { err, _ = recover().(error) }()
			c.WaitFor(ok)
			return nil
		}, "deadlock_condition_test.go:"},
		{"RLock", rlock, func(c conform.Waiter, ok func() bool) error { return c.WaitForContext(context.Background(), ok) }, "conform/rcondition.go:"},
	} {
		t.Run(c.name, func(t *testing.T) { conditionOfADeadlock(t, c.waiter(), c.wait, c.where) })
	}
}

func conditionOfADeadlock(t *testing.T, c conform.Waiter, wait func(c conform.Waiter, ok func() bool) error, where string) {
	l := mp.NewLock(mp.Trace) // which is not refused
	waits, told := make(chan struct{}), make(chan error, 1)
	go func() {
		l.Lock()
		defer l.Unlock()
		c.Lock()
		close(waits)
		looks := 0
		told <- wait(c, func() bool { looks++; return looks > 1 })
	}()
	<-waits
	c.Lock()
	c.Notify(1)
	l.Lock() // until the waiter, which has it, is refused
	l.Unlock()
	c.Unlock()
	refused, ok := errors.AsType[*mp.DeadlockError](<-told)
	if !ok || len(refused.Waits) != 2 || !strings.Contains(refused.Waits[0].Where, where) {
		t.Errorf("got %v", refused)
	}
}
