//go:build linux

package tasks

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/multiproc/mp/internal/refusal"
)

// call is one that may wait.
type call struct {
	over atomic.Bool
	err  error
	at   uint64
}

// begin makes a call, until it waits or is over.
func begin(f func() (uint64, error)) *call {
	c := new(call)
	go func() {
		c.at, c.err = f()
		c.over.Store(true)
	}()
	synctest.Wait()
	return c
}

func (c *call) waits(t *testing.T) {
	t.Helper()
	if synctest.Wait(); c.over.Load() {
		t.Fatalf("a call that has to wait says %v", c.err)
	}
}

func (c *call) says(t *testing.T, want error) {
	t.Helper()
	if synctest.Wait(); !c.over.Load() || c.err != want {
		t.Fatalf("over: %v, %v; expected %v", c.over.Load(), c.err, want)
	}
}

func (h *heap) taking(ctx context.Context, id uint32) *call {
	return begin(func() (uint64, error) { return h.q().Take(ctx, h.user(id)) })
}

func (h *heap) putting(ctx context.Context, id uint32, n int) *call {
	return begin(func() (uint64, error) { return 0, h.q().Put(ctx, h.user(id), make([]byte, n)) })
}

func (h *heap) joining(ctx context.Context, id uint32) *call {
	return begin(func() (uint64, error) { return 0, h.q().Join(ctx, h.user(id)) })
}

// bubbled runs a test in which all that can happen has happened when everybody waits: no tick makes up for a lost wake-up.
func bubbled(t *testing.T, most, mostBytes uint64, f func(t *testing.T, m *model)) {
	t.Helper()
	m := newModel(t, most, mostBytes) // its memory is there until all in the bubble have ended
	synctest.Test(t, func(t *testing.T) {
		m.t = t
		f(t, m)
	})
}

var always = context.Background()

func TestTakeWaits(t *testing.T) {
	bubbled(t, 0, 0, func(t *testing.T, m *model) {
		ctx, cancel := context.WithCancel(always)
		a, b, c := m.taking(always, 1), m.taking(ctx, 2), m.taking(always, 3)
		a.waits(t)
		m.put(4, 1)
		a.says(t, nil)
		b.waits(t)
		cancel()
		b.says(t, context.Canceled)
		c.waits(t)
		m.q().PutBack(m.user(1), a.at) // that is something to get, too
		c.says(t, nil)
		if _, turns := m.user(3).Message(c.at); turns != 2 {
			t.Errorf("delivery %d", turns)
		}
		d := m.taking(always, 1)
		d.waits(t)
		m.heap.died(3)
		d.says(t, nil)
		if at, err := m.q().Take(ctx, m.user(1)); err != context.Canceled {
			t.Error(at, err)
		}
		m.put(4, 1)
		if at, err := m.q().Take(ctx, m.user(1)); err != nil { // what is there does not mind the context
			t.Error(at, err)
		}
	})
}

// TestPutsAtOnce: several messages wake several consumers, though each put but the first finds that somebody was woken.
func TestPutsAtOnce(t *testing.T) {
	bubbled(t, 0, 0, func(t *testing.T, m *model) {
		var all []*call
		for id := range uint32(5) {
			all = append(all, m.taking(always, id+1))
		}
		for range all {
			m.put(6, 1)
		}
		for _, c := range all {
			c.says(t, nil)
		}
	})
}

// TestLeaverHandsOn: one that was woken, and leaves with its context, does not take the wake-up with it.
func TestLeaverHandsOn(t *testing.T) {
	for range 20 {
		bubbled(t, 0, 0, func(t *testing.T, m *model) {
			ctx, cancel := context.WithCancel(always)
			a, b := m.taking(ctx, 1), m.taking(always, 2)
			cancel()
			m.put(3, 1)
			if synctest.Wait(); a.err == nil {
				m.q().PutBack(m.user(1), a.at)
			}
			b.says(t, nil)
		})
	}
}

func TestLimits(t *testing.T) {
	full := func(m *model, n int) bool { return m.q().TryPut(m.user(1), make([]byte, n)) == refusal.ErrFull }
	t.Run("messages", func(t *testing.T) {
		m := newModel(t, 2, 0)
		m.put(1, 5000)
		if m.put(1, 0); !full(m, 0) {
			t.Error("a third message of two was put")
		}
		j := m.take(2)
		m.put(1, 1) // what is in hand does not count
		if m.putBack(j); !full(m, 0) {
			t.Error("a fourth")
		}
		m.done(m.take(2))
		if !full(m, 0) {
			t.Error("two wait of two")
		}
		m.done(m.take(2))
		m.put(1, 0)
		m.check()
	})
	t.Run("bytes", func(t *testing.T) {
		m := newModel(t, 0, 3*Overhead+300)
		if most := m.q().Largest(); most != 2*Overhead+300 {
			t.Errorf("the largest has %d bytes", most)
		}
		m.put(1, 100)
		m.put(1, 100)
		if !full(m, 101) {
			t.Error("one byte too much was put")
		}
		m.put(1, 100)
		if !full(m, 0) {
			t.Error("no room for the head of a message, and it was put")
		}
		m.pull(1)
		m.put(1, 100)
		m.check()
	})
}

func TestPutWaits(t *testing.T) {
	bubbled(t, 0, 2*takes(100), func(t *testing.T, m *model) {
		ctx, cancel := context.WithCancel(always)
		m.put(1, 60)
		m.put(1, 60)
		large, gives, small := m.putting(always, 2, 150), m.putting(ctx, 3, 10), m.putting(always, 4, 10)
		m.take(5)
		large.waits(t) // there is room for 140 bytes
		small.waits(t) // though it would fit: one who waits for more is before it
		cancel()
		gives.says(t, context.Canceled)
		if err := m.q().TryPut(m.user(5), nil); err != nil {
			t.Errorf("a try does not mind the line: %v", err)
		}
		for range 2 {
			if _, err := m.q().TryTake(m.user(5)); err != nil {
				t.Fatal(err)
			}
		}
		large.says(t, nil)
		small.says(t, nil)
		late := m.putting(ctx, 1, 152)
		late.says(t, context.Canceled)
		if id, _ := m.q().Line.HeldBy(); id != 0 {
			t.Errorf("the line is left to %d", id)
		}
	})
}

// TestNoMemory: where there is none nothing has changed, and nobody waits for it.
func TestNoMemory(t *testing.T) {
	m := newModel(t, 0, 0)
	m.put(1, 10)
	m.limit = m.next
	for _, n := range []int{3000, 9000} {
		if err := m.q().Put(always, m.user(1), make([]byte, n)); err != errNoMemory {
			t.Error(err)
		}
		m.check()
	}
	m.done(m.take(1))
	m.check()
}

func TestJoin(t *testing.T) {
	bubbled(t, 0, 0, func(t *testing.T, m *model) {
		ctx, cancel := context.WithCancel(always)
		m.joining(always, 1).says(t, nil)
		m.put(1, 1)
		m.put(1, 2)
		a, b := m.joining(always, 1), m.joining(ctx, 2)
		first, second := m.take(3), m.take(3)
		m.done(first)
		m.putBack(second)
		a.waits(t)
		cancel()
		b.says(t, context.Canceled)
		m.take(4)
		m.died(4)
		a.waits(t)
		m.done(m.take(3))
		m.put(1, 3) // what is put now, before a has looked, is not its business
		a.says(t, nil)
		c, d := m.joining(always, 1), m.joining(always, 2)
		c.waits(t)
		m.pull(3) // what is pulled is done
		c.says(t, nil)
		d.says(t, nil)
		m.joining(ctx, 2).says(t, nil) // all is done: its context does not matter
		m.check()
	})
}

// TestCrowd: many that wait for each other, and nobody is forgotten.
func TestCrowd(t *testing.T) {
	const each = 200
	for _, limits := range [][2]uint64{{0, 0}, {1, 0}, {3, 0}, {0, 400}} {
		t.Run(fmt.Sprint(limits), func(t *testing.T) {
			bubbled(t, limits[0], limits[1], func(t *testing.T, m *model) {
				var all []*call
				for id := range uint32(3) {
					all = append(all, begin(func() (uint64, error) { return 0, m.produce(id+1, each) }))
					all = append(all, begin(func() (uint64, error) { return 0, m.consume(id+4, each) }))
				}
				for _, c := range all {
					c.says(t, nil)
				}
				m.joining(always, 1).says(t, nil)
				if m.q().Puts != 3*each {
					t.Errorf("%d puts", m.q().Puts)
				}
			})
		})
	}
}

func (m *model) produce(id uint32, n int) error {
	u := m.user(id)
	for i := range n {
		if err := m.q().Put(always, u, make([]byte, i%200)); err != nil {
			return err
		}
	}
	return nil
}

// consume does n jobs, and puts some back before.
func (m *model) consume(id uint32, n int) error {
	u := m.user(id)
	for i := 0; i < n; {
		at, err := m.q().Take(always, u)
		if err != nil {
			return err
		}
		if _, turns := u.Message(at); turns == 1 && i%7 == 0 {
			m.q().PutBack(u, at)
			continue
		}
		m.q().Done(u, at)
		i++
	}
	return nil
}
