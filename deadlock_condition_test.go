//go:build linux

package mp_test

import (
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
	for where, waiter := range map[string]func() conform.Waiter{
		"deadlock_condition_test.go": func() conform.Waiter { return mp.NewCondition(nil, mp.DetectDeadlock) },
		"conform/rcondition.go":      func() conform.Waiter { return conform.Nested(mp.NewRCondition(nil, mp.DetectDeadlock), 2) },
	} {
		t.Run(where, func(t *testing.T) {
			c, l := waiter(), mp.NewLock(mp.Trace) // which is not refused
			waits, told := make(chan struct{}), make(chan error, 1)
			go func() {
				l.Lock()
				defer l.Unlock()
				c.Lock()
				close(waits)
				looks := 0
				told <- c.WaitForContext(t.Context(), func() bool { looks++; return looks > 1 })
			}()
			<-waits
			c.Lock()
			c.Notify(1)
			l.Lock() // until the waiter, which has it, is refused
			l.Unlock()
			c.Unlock()
			refused, ok := errors.AsType[*mp.DeadlockError](<-told)
			if !ok || len(refused.Waits) != 2 || !strings.Contains(refused.Waits[0].Where, where+":") {
				t.Errorf("got %v", refused)
			}
		})
	}
}
