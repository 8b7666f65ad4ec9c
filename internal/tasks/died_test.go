//go:build linux

package tasks

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/multiproc/mp/internal/park"
)

// TestDiedBeforeWaking: a process that is killed after its change and before it wakes those whom it concerns, is made good by the sweep.
func TestDiedBeforeWaking(t *testing.T) {
	const dead = 5
	kill := func(m *model, change func(u *User)) {
		u, q := m.user(dead), m.q()
		q.Slab.Hold(u.User)
		change(u)
		_ = q.due(true)
		q.Slab.Release(u.User)
		synctest.Wait()
		m.heap.died(dead)
	}
	bubbled(t, 1, 0, func(t *testing.T, m *model) {
		a := m.taking(always, 1)
		kill(m, func(u *User) { _ = m.q().append(u, nil) })
		a.says(t, nil)
		m.put(2, 1)
		b := m.putting(always, 3, 1)
		kill(m, func(u *User) { _ = m.q().take(u, new(want), 0) })
		b.waits(t) // it came back
		b2 := m.taking(always, 2)
		b2.says(t, nil)
		b.says(t, nil)
	})
	bubbled(t, 0, 0, func(t *testing.T, m *model) {
		m.put(1, 1)
		at := m.take(dead).cell
		c := m.joining(always, 1)
		kill(m, func(u *User) { m.q().retire(u, at) })
		c.says(t, nil)
	})
}

// TestDiedWithLocks: the sweep frees both.
func TestDiedWithLocks(t *testing.T) {
	bubbled(t, 1, 0, func(t *testing.T, m *model) {
		u := m.user(5)
		m.put(1, 1)
		if !m.q().Line.TryLock(u.Me) {
			t.Fatal("the line is busy")
		}
		m.q().Slab.Hold(u.User)
		a := m.taking(always, 1)
		a.waits(t)
		m.heap.died(5)
		a.says(t, nil)
		m.putting(always, 2, 1).says(t, nil)
		m.putting(always, 2, 1).waits(t)
		m.q().Shutdown(m.user(1), true)
	})
}

// TestWokenAndGone: one that was woken for a message, and leaves as its context ends before it gets the lock, wakes the next.
func TestWokenAndGone(t *testing.T) {
	bubbled(t, 0, 0, func(t *testing.T, m *model) {
		ctx, cancel := context.WithCancel(always)
		a := m.taking(ctx, 1)
		b := m.taking(always, 2)
		q, u := m.q(), m.user(3)
		q.Slab.Hold(u.User)
		if err := q.append(u, nil); err != nil {
			t.Fatal(err)
		}
		q.ring(u.Parker, q.due(false)) // a came first
		cancel()
		a.says(t, context.Canceled)
		q.Slab.Release(u.User)
		b.says(t, nil)
	})
}

// TestFirstInLineIsStopped: who stands behind one that was woken for room, and does not move, looks itself after a while.
func TestFirstInLineIsStopped(t *testing.T) {
	bubbled(t, 1, 0, func(t *testing.T, m *model) {
		m.put(1, 1)
		q := m.q()
		if !q.Line.TryLock(m.user(5).Me) {
			t.Fatal("the line is busy")
		}
		q.Room.Store(waited)
		behind := m.putting(always, 2, 1)
		behind.waits(t)
		m.take(1)
		ctx, cancel := context.WithTimeout(always, 2*park.Tick)
		defer cancel()
		<-ctx.Done()
		behind.says(t, nil)
	})
}

// TestSweepTakesW: who was asleep may be dead, and who comes next must not rely on it.
func TestSweepTakesW(t *testing.T) {
	m := newModel(t, 0, 0)
	words := []*atomic.Uint32{&m.q().Data, &m.q().Room, &m.q().Finished}
	for _, w := range words {
		w.Store(waited)
	}
	m.died(1)
	for i, w := range words {
		if w.Load() != 0 {
			t.Errorf("word %d has W", i)
		}
	}
}
