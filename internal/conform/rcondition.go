package conform

import (
	"context"
	"errors"
	"runtime"
	"testing"
)

// RWaiter is a condition over an RLocker: By is what H, a holder of that, sees of it.
type RWaiter[H Holder, C Waiter] interface {
	Holder() H
	By(h H) C
}

// RCondition runs the contract of a condition over a lock that its holder may take again: that of Condition, at
// different levels; that of RLock, which Python asks of its conditions; and what a wait does to the levels.
func RCondition[H Holder, C Waiter](t *testing.T, rcondition func(t *testing.T) RWaiter[H, C]) {
	parties := func(t *testing.T) func() party { return parties(rcondition(t)) }
	for name, levels := range map[string]int{"one level": 1, "three levels": 3} {
		t.Run(name, func(t *testing.T) {
			Condition(t, func(t *testing.T) Waiter { return Nested(rcondition(t), levels) })
		})
	}
	t.Run("as an rlock", func(t *testing.T) { // ConditionAsRLockTests
		RLock(t, func(t *testing.T) RLocker[party] { return partiesOf(parties(t)) })
	})
	for _, c := range []struct {
		name string // and CPython's name for it, test/lock_tests.py
		test func(t *testing.T, by func() party)
	}{
		{"wait without a level", rconditionUnacquired}, // RLockTests.test_release_save_unacquired
		{"a wait lets go of all levels", rconditionLevels},
		{"another holder's lock", rconditionNotMine},
		{"at the level of another", rconditionMixed},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, parties(t)) })
	}
	t.Run("a holder of another lock", func(t *testing.T) {
		c, other := rcondition(t), rcondition(t)
		mustPanic(t, "By with a holder of another lock", "", func() { c.By(other.Holder()) })
	})
}

// Nested is a condition over an RLock as one over a Lock: a party for each section, some levels deep. A wait
// that let go of fewer would keep all others out.
func Nested[H Holder, C Waiter](c RWaiter[H, C], levels int) Waiter {
	return &nest{of: parties(c), levels: levels}
}

func parties[H Holder, C Waiter](c RWaiter[H, C]) func() party {
	return func() party { h := c.Holder(); return party{c.By(h), h} }
}

// party is a goroutine's side of a condition.
type party struct {
	Waiter
	h Holder
}

func (p party) Depth() int    { return p.h.Depth() }
func (p party) With(f func()) { p.h.With(f) }

type partiesOf func() party

func (f partiesOf) Holder() party { return f() }

// nest is what Nested makes.
type nest struct {
	of     func() party
	levels int
	in     *party // who is inside; guarded by the lock itself
}

// enter goes on to the last level, with the first taken.
func (n *nest) enter(p party) {
	for range n.levels - 1 {
		p.Lock()
	}
	n.in = &p
}

func (n *nest) Lock() {
	p := n.of()
	p.Lock()
	n.enter(p)
}

func (n *nest) TryLock() bool {
	p := n.of()
	ok := p.TryLock()
	if ok {
		n.enter(p)
	}
	return ok
}

func (n *nest) LockContext(ctx context.Context) error {
	p := n.of()
	err := p.LockContext(ctx)
	if err == nil {
		n.enter(p)
	}
	return err
}

func (n *nest) Unlock() {
	p := n.leave()
	for range n.levels {
		p.Unlock()
	}
}

// leave is who is inside and is no more; outside, somebody new.
func (n *nest) leave() party {
	if n.in == nil {
		return n.of()
	}
	p := *n.in
	n.in = nil
	return p
}

// wait has who is inside wait.
func (n *nest) wait(f func(p party) error) error {
	p := n.leave()
	err := f(p)
	if p.Depth() > 0 { // not if the lock is lost
		n.in = &p
	}
	return err
}

func (n *nest) Wait() { _ = n.wait(func(p party) error { p.Wait(); return nil }) }

func (n *nest) WaitContext(ctx context.Context) error {
	return n.wait(func(p party) error { return p.WaitContext(ctx) })
}

func (n *nest) WaitFor(ok func() bool) {
	_ = n.wait(func(p party) error { p.WaitFor(ok); return nil })
}

func (n *nest) WaitForContext(ctx context.Context, ok func() bool) error {
	return n.wait(func(p party) error { return p.WaitForContext(ctx, ok) })
}

func (n *nest) Notify(k int) { n.inside().Notify(k) }
func (n *nest) NotifyAll()   { n.inside().NotifyAll() }

func (n *nest) inside() party {
	if n.in == nil {
		return n.of()
	}
	return *n.in
}

func rconditionUnacquired(t *testing.T, by func() party) {
	c := by()
	mustPanic(t, "a wait without the lock", "", c.Wait)
	for range 2 {
		c.Lock()
		c.Lock()
		c.Unlock()
		c.Lock()
		c.Unlock()
		c.Unlock()
		mustPanic(t, "a wait after as many unlocks", "", c.Wait)
		mustPanic(t, "a notification after as many unlocks", "", func() { c.Notify(1) })
	}
	mustBeFree(t, partyAsHolder(by))
}

func partyAsHolder(by func() party) func() Holder { return func() Holder { return by() } }

// rconditionLevels waits five levels deep: notified, and cancelled.
func rconditionLevels(t *testing.T, by func() party) {
	const levels = 5
	c := by()
	for depth := 1; depth <= levels; depth++ {
		c.Lock()
		mustBeHeldBy(t, c, depth)
		go func() {
			other := by()
			other.Lock() // to be had once c waits
			other.Lock()
			other.Notify(1)
			other.Unlock()
			other.Unlock()
		}()
		c.Wait()
		mustBeHeldBy(t, c, depth)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			other := by()
			other.Lock()
			cancel()
			other.Unlock()
		}()
		if err := c.WaitContext(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a wait that was cancelled: %v", err)
		}
		mustBeHeldBy(t, c, depth)
	}
	for range levels {
		mustBeHeld(t, partyAsHolder(by))
		c.Unlock()
	}
	mustPanic(t, "one Unlock too many", "", c.Unlock)
	mustBeFree(t, partyAsHolder(by))
}

func rconditionNotMine(t *testing.T, by func() party) {
	c, other := by(), by()
	c.Lock()
	mustPanic(t, "a wait with another holder's lock", "", other.Wait)
	mustPanic(t, "a notification with another holder's lock", "", other.NotifyAll)
	mustBeHeldBy(t, c, 1)
	c.Unlock()
	mustBeFree(t, partyAsHolder(by))
}

// rconditionMixed has waits of one, two and three levels end by one NotifyAll, and each go on at its own.
func rconditionMixed(t *testing.T, by func() party) {
	const parties = 9
	asleep, done := 0, make(chan struct{}, parties) // said with the lock held
	for i := range parties {
		go func() {
			c := by()
			for range i%3 + 1 {
				c.Lock()
				defer c.Unlock()
			}
			asleep++
			c.WaitFor(func() bool { return asleep == parties })
			mustBeHeldBy(t, c, i%3+1)
			done <- struct{}{}
		}()
	}
	c := by()
	for all := false; !all; runtime.Gosched() {
		c.Lock()
		if all = asleep == parties; all {
			c.NotifyAll()
		}
		c.Unlock()
	}
	for range parties {
		<-done
	}
	c.Lock() // which all have left
	c.Unlock()
}
