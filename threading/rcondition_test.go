package threading

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/multiproc/mp/internal/conform"
)

func TestRCondition(t *testing.T) {
	t.Run("own lock", func(t *testing.T) {
		conform.RCondition(t, func(*testing.T) conform.RWaiter[*Holder, *Condition] { return new(RCondition) })
	})
	t.Run("a lock given", func(t *testing.T) {
		conform.RCondition(t, func(*testing.T) conform.RWaiter[*Holder, *Condition] { return &RCondition{L: new(RLock)} })
	})
}

// Who enters by the RLock, in a With, waits on a condition over it, and two conditions share it.
func TestRConditionsOfOneRLock(t *testing.T) {
	var l RLock
	full, empty := &RCondition{L: &l}, &RCondition{L: &l}
	items, sum, done := 0, 0, make(chan struct{})
	go func() {
		defer close(done)
		h := l.Holder()
		for range 200 {
			h.With(func() {
				full.By(h).WaitFor(func() bool { return items > 0 })
				items--
				sum++
				empty.By(h).Notify(1)
			})
		}
	}()
	h := l.Holder()
	put := func() {
		h.Lock()
		defer h.Unlock()
		empty.By(h).WaitFor(func() bool { return items == 0 })
		items++
		full.By(h).Notify(1)
	}
	for range 100 {
		h.With(put)
		put()
	}
	<-done
	if sum != 200 || h.Depth() != 0 {
		t.Errorf("%d passed of 200, depth %d", sum, h.Depth())
	}
}

// A Condition over a Holder alone lets go of all its levels too.
func TestConditionOverAHolder(t *testing.T) {
	var l RLock
	h := l.Holder()
	c := &Condition{L: h}
	mustPanicWith(t, errWait, c.Wait)
	c.Lock()
	c.Lock()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		other := l.Holder()
		other.Lock()
		cancel()
		other.Unlock()
	}()
	if err := c.WaitContext(ctx); !errors.Is(err, context.Canceled) || h.Depth() != 2 {
		t.Errorf("%v, depth %d", err, h.Depth())
	}
	c.Unlock()
	c.Unlock()
	mustPanicWith(t, errNotify, func() { c.Notify(1) })
}

func TestRConditionInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rc RCondition
		h := rc.Holder()
		c, begin := rc.By(h), time.Now()
		time.AfterFunc(time.Minute, func() {
			other := rc.By(rc.Holder())
			other.Lock()
			other.Notify(1)
			other.Unlock()
		})
		c.Lock()
		c.Lock()
		c.Wait()
		if d := time.Since(begin); d != time.Minute || h.Depth() != 2 {
			t.Errorf("waited %v of the bubble's time, depth %d", d, h.Depth())
		}
	})
}
