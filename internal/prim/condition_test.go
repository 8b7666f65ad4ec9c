package prim

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/park"
)

const top = 8

// deaf is a parker in which nobody sleeps.
type deaf struct{ park.Parker }

func (deaf) Wake(*atomic.Uint32, int) park.Woke { return park.Nobody }

// nodes is a condition with waits: a number for each slot.
func nodes(waits ...int) *Condition {
	c := new(Condition)
	for slot, n := range waits {
		w := new(Waiters)
		for range n {
			w.Join(c, uint32(slot))
		}
	}
	return c
}

func (c *Condition) expect(t *testing.T, what string, waiting, woken []uint32) {
	t.Helper()
	for slot := range uint32(len(waiting)) {
		if is, on := c.Waiting(slot); is != waiting[slot] || on != woken[slot] {
			t.Errorf("%s: slot %d has %d waiting and %d woken, expected %d and %d", what, slot, is, on, waiting[slot], woken[slot])
		}
	}
}

func TestNotifyTakesTurns(t *testing.T) {
	c := nodes(2, 0, 3, 1)
	c.Notify(1, top, deaf{})
	c.expect(t, "1", []uint32{1, 0, 3, 1}, []uint32{1, 0, 0, 0})
	c.Notify(2, top, deaf{})
	c.expect(t, "2 more", []uint32{1, 0, 2, 0}, []uint32{1, 0, 1, 1})
	c.Notify(2, top, deaf{})
	c.expect(t, "2 more", []uint32{0, 0, 1, 0}, []uint32{2, 0, 2, 1})
	c.Notify(9, top, deaf{})
	c.expect(t, "too many", []uint32{0, 0, 0, 0}, []uint32{2, 0, 3, 1})
	c.Notify(-1, top, deaf{})
	c.expect(t, "none", []uint32{0, 0, 0, 0}, []uint32{2, 0, 3, 1})
}

func TestConditionDied(t *testing.T) {
	c := nodes(1, 4, 2)
	c.Notify(5, top, deaf{}) // 0 1 2 1 2
	c.Consume(1)
	c.expect(t, "before", []uint32{0, 2, 0}, []uint32{1, 1, 2})
	new(Waiters).Join(c, 3)
	new(Waiters).Join(c, 3)
	for range 2 { // it may be done again
		c.Died(1, top, deaf{})
		c.expect(t, "died", []uint32{0, 0, 0, 1}, []uint32{1, 0, 2, 1})
	}
	c.Abandoned(top, deaf{})
	c.expect(t, "abandoned", []uint32{0, 0, 0, 0}, []uint32{1, 0, 2, 2})
}

// The counts wrap round without a carry from one into the other.
func TestConditionWraps(t *testing.T) {
	c := new(Condition)
	const last = 1<<32 - 1
	c.nodes[0].Store(settled(last))
	c.consumed[0].Store(last)
	var w Waiters
	for range 3 {
		w.Join(c, 0)
	}
	c.Notify(2, top, deaf{})
	c.expect(t, "notified", []uint32{1}, []uint32{2})
	ended, cancel := context.WithCancel(context.Background())
	me := w.line.Back().Value.(*Waiter)
	cancel()
	if err := w.Wait(ended, c, 0, me, &park.Heap); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	c.expect(t, "given up", []uint32{0}, []uint32{2})
	c.Consume(0)
	c.Consume(0)
	c.expect(t, "consumed", []uint32{0}, []uint32{0})
}

// gated lets a Park out when the test says so, and says when one begins.
type gated struct {
	park.Parker
	began, out chan struct{}
}

func (g gated) Park(context.Context, *atomic.Uint32, uint32, park.Blocked) error {
	g.began <- struct{}{}
	<-g.out
	return nil
}

// Whoever has become the first of the line while the one before is still in the parker waits until it is out: in the
// parker it would follow that one, or be followed, without a look at the word.
func TestOneOfALineIsInTheParker(t *testing.T) {
	c, p := new(Condition), gated{began: make(chan struct{}), out: make(chan struct{})}
	var w Waiters
	done := make(chan error)
	ended, cancel := context.WithCancel(context.Background())
	for range 2 {
		me := w.Join(c, 0)
		go func() { done <- w.Wait(context.Background(), c, 0, me, p) }()
	}
	<-p.began // one of the two, the first
	me := w.Join(c, 0)
	c.Notify(1, top, deaf{}) // and the wake-up is late
	cancel()
	if err := w.Wait(ended, c, 0, me, p); !errors.Is(err, context.Canceled) { // which gives the grant to the first
		t.Fatal(err)
	}
	select {
	case <-p.began:
		t.Error("the second is in the parker beside the first")
	case <-time.After(20 * time.Millisecond):
	}
	p.out <- struct{}{}
	if err := <-done; err != nil {
		t.Error(err)
	}
	<-p.began // the second, now
	c.Notify(1, top, deaf{})
	p.out <- struct{}{}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
