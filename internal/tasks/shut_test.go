//go:build linux

package tasks

import (
	"testing"
	"testing/synctest"

	"github.com/multiproc/mp/internal/refusal"
)

func TestShutdown(t *testing.T) {
	bubbled(t, 2, 0, func(t *testing.T, m *model) {
		m.put(1, 1)
		m.put(1, 2)
		j := m.take(2)
		m.put(1, 3)
		put, behind, join := m.putting(always, 3, 1), m.putting(always, 4, 1), m.joining(always, 5)
		m.q().Shutdown(m.user(1), false)
		put.says(t, refusal.ErrShutDown)
		behind.says(t, refusal.ErrShutDown)
		if err := m.q().TryPut(m.user(1), nil); err != refusal.ErrShutDown {
			t.Errorf("a put into what is shut: %v", err)
		}
		join.waits(t)
		m.done(m.take(2)) // what is there can be got
		m.pull(1)
		m.check()
		if at, err := m.q().TryTake(m.user(2)); err != refusal.ErrShutDown { // it has the last one itself
			t.Error(at, err)
		}
		if _, err := m.q().TryPull(m.puller(2), nil); err != refusal.ErrShutDown {
			t.Error(err)
		}
		if at, err := m.q().TryTake(m.user(1)); err != refusal.ErrEmpty { // the last one may come back
			t.Error(at, err)
		}
		a, b := m.taking(always, 3), m.taking(always, 4)
		a.waits(t)
		b.waits(t)
		m.heap.died(2)
		synctest.Wait()
		has, other, id := a, b, uint32(3)
		if b.over.Load() {
			has, other, id = b, a, 4
		}
		has.says(t, nil)
		if msg, turns := m.user(id).Message(has.at); len(msg) != len(j.body) || turns != 2 {
			t.Errorf("%d bytes came back, delivery %d", len(msg), turns)
		}
		other.waits(t)
		join.waits(t)
		m.q().Done(m.user(id), has.at)
		other.says(t, refusal.ErrShutDown)
		join.says(t, nil)
	})
}

// TestShutAndBack: of those who wait for what others have, one gets what comes back, and the others go on waiting until that is done.
func TestShutAndBack(t *testing.T) {
	bubbled(t, 0, 0, func(t *testing.T, m *model) {
		m.put(1, 1)
		j := m.take(1)
		m.q().Shutdown(m.user(1), false)
		var waiting []*call
		for id := range uint32(3) {
			waiting = append(waiting, m.taking(always, 2+id))
		}
		m.putBack(j)
		synctest.Wait()
		var has *call
		for i, c := range waiting {
			if c.over.Load() && has == nil {
				has, j.who, j.cell = c, uint32(2+i), c.at
			} else {
				c.waits(t)
			}
		}
		m.done(j)
		for _, c := range waiting {
			if c != has {
				c.says(t, refusal.ErrShutDown)
			}
		}
	})
}

// TestShutBehindAPut: a shutdown between a put and its wake-up. Those who sleep behind the one that it wakes have to know, too.
func TestShutBehindAPut(t *testing.T) {
	bubbled(t, 0, 0, func(t *testing.T, m *model) {
		a, b := m.taking(always, 1), m.taking(always, 2)
		q, u := m.q(), m.user(3)
		q.Slab.Hold(u.User)
		if err := q.append(u, nil); err != nil {
			t.Fatal(err)
		}
		d := q.due(false)
		q.Slab.Release(u.User)
		q.Shutdown(m.user(4), false)
		q.ring(u.Parker, d)
		synctest.Wait()
		has, other, id := a, b, uint32(1)
		if b.over.Load() {
			has, other, id = b, a, 2
		}
		has.says(t, nil)
		other.waits(t)
		q.Done(m.user(id), has.at)
		other.says(t, refusal.ErrShutDown)
	})
}

// TestShutdownEnds: who waits for a message of an empty queue is told, all of them.
func TestShutdownEnds(t *testing.T) {
	for _, drop := range []bool{false, true} {
		bubbled(t, 0, 0, func(t *testing.T, m *model) {
			a, b, c := m.taking(always, 1), m.taking(always, 2), m.taking(always, 3)
			m.q().Shutdown(m.user(4), drop)
			for _, c := range []*call{a, b, c} {
				c.says(t, refusal.ErrShutDown)
			}
			m.q().Shutdown(m.user(4), drop)
		})
	}
}

func TestShutdownNow(t *testing.T) {
	bubbled(t, 3, 0, func(t *testing.T, m *model) {
		for n := range 3 {
			m.put(1, 4000*n)
		}
		a, b := m.take(2), m.take(3)
		m.put(1, 9000)
		join, get := m.joining(always, 5), m.putting(always, 6, 0)
		get.says(t, nil)
		put := m.putting(always, 6, 0)
		m.q().Shutdown(m.user(1), true)
		put.says(t, refusal.ErrShutDown)
		q := m.q()
		if q.Waiting() != 0 || q.Bytes != 0 || q.First != 0 || q.unfinished() != 2 || q.Zeros != 0 {
			t.Errorf("%d messages of %d bytes are left, %d are not done", q.Waiting(), q.Bytes, q.unfinished())
		}
		wait := m.taking(always, 4)
		wait.waits(t)
		join.waits(t)
		q.Shutdown(m.user(1), false) // it is no less shut
		q.PutBack(m.user(2), a.cell)
		if q.Waiting() != 0 || q.unfinished() != 1 {
			t.Errorf("%d came back, %d are not done", q.Waiting(), q.unfinished())
		}
		wait.waits(t)
		_ = b
		m.heap.died(3)
		wait.says(t, refusal.ErrShutDown)
		join.says(t, nil)
		if q.Waiting() != 0 || q.unfinished() != 0 || q.Zeros != 1 {
			t.Errorf("%d came back, %d are not done", q.Waiting(), q.unfinished())
		}
		_ = q.TryPut(m.user(1), nil) // its Release frees what the sweep has left
		if q.Slab.Trash != 0 {
			t.Error("long messages are left")
		}
	})
}

// TestDiedWhileDropping: what a killed ShutdownNow has left the sweep drops, though the dead had nothing in hand.
func TestDiedWhileDropping(t *testing.T) {
	bubbled(t, 0, 0, func(t *testing.T, m *model) {
		m.put(1, 1)
		m.put(1, 5000)
		wait := m.joining(always, 2)
		q := m.q()
		q.Shut = dropping
		m.heap.died(5)
		if q.Waiting() != 0 || q.unfinished() != 0 {
			t.Errorf("%d messages are left", q.Waiting())
		}
		wait.says(t, nil)
		if _, err := q.Take(always, m.user(1)); err != refusal.ErrShutDown {
			t.Error(err)
		}
	})
}
