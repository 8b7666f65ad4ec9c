package prim

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Waiters is one process's side of a Condition: its goroutines that wait, in the order in which they came. It lies
// on the heap; the zero Waiters is ready.
//
// A grant names no goroutine. The first in the line sleeps on the node's word, on behalf of all, and whoever looks at
// the node gives the grants that it finds to the first of the line, whether or not these are awake: a wait that
// begins later finds them given. The others sleep on channels until they are granted or first.
//
// Only one is in the parker: a second would follow the first there, without a look at the word, though the
// first may sleep for a later grant. So who has become first waits until the one before is out.
//
//	waiting --granted--> on its way to the lock --consumed--> gone
//	   |
//	   +--withdrawn--> gone
type Waiters struct {
	mu    sync.Mutex
	line  list.List // of *Waiter: asked - given of them
	given uint32    // grants of the node that waiters have got
	in    bool      // somebody is in the parker
	spin  park.Spin
}

// Waiter is one goroutine of them.
type Waiter struct {
	place   *list.Element
	granted bool          // under the mutex
	signal  chan struct{} // capacity 1: granted, or first
}

// Join begins a wait, with the lock held. It ends with Wait; if that returns nil, with Consume.
func (w *Waiters) Join(c *Condition, slot uint32) *Waiter {
	me := &Waiter{signal: make(chan struct{}, 1)}
	n := &c.nodes[slot]
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.line.Len() == 0 {
		w.given = granted(n.Load()) // which is asked: an empty line has got all that it asked for
	}
	failpoint.Hit("condition: joining")
	n.Add(oneAsked)
	me.place = w.line.PushBack(me)
	failpoint.Hit("condition: joined")
	return me
}

// Wait returns nil when the wait is granted, or withdraws it and returns ctx's error. The lock was let go of after Join.
func (w *Waiters) Wait(ctx context.Context, c *Condition, slot uint32, me *Waiter, p park.Parker) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for err := error(nil); ; {
		w.give(c, slot)
		switch {
		case me.granted:
			failpoint.Hit("condition: woken")
			return nil
		case err == nil:
			err = w.sleep(ctx, c, slot, me, p)
		case w.withdraw(c, slot, me):
			failpoint.Hit("condition: withdrawn")
			return err
		}
	}
}

// sleep sleeps without the mutex, until there is something to look at or ctx ends.
func (w *Waiters) sleep(ctx context.Context, c *Condition, slot uint32, me *Waiter, p park.Parker) error {
	if w.line.Front() == me.place && !w.in {
		return w.lead(ctx, grantedWord(&c.nodes[slot]), p)
	}
	w.mu.Unlock()
	defer w.mu.Lock()
	select {
	case <-me.signal:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lead sleeps on the word for all of the line.
func (w *Waiters) lead(ctx context.Context, word *atomic.Uint32, p park.Parker) (err error) {
	given := w.given
	w.in = true
	w.mu.Unlock()
	if !w.spin.Until(word, given, park.Same) {
		err = p.Park(ctx, word, given, park.Same)
	}
	w.mu.Lock()
	w.in = false
	w.promote(nil)
	return err
}

// give gives the grants that have come to the first of the line. One of them may be asleep in the parker: whoever
// made the grant wakes it.
func (w *Waiters) give(c *Condition, slot uint32) {
	first := w.line.Front()
	for ; w.given != granted(c.nodes[slot].Load()); w.given++ {
		next := w.line.Front().Value.(*Waiter)
		w.line.Remove(next.place)
		next.granted = true
		next.wake()
	}
	w.promote(first)
}

// promote tells the first of the line that it is, unless it was already.
func (w *Waiters) promote(was *list.Element) {
	if is := w.line.Front(); is != nil && is != was {
		is.Value.(*Waiter).wake()
	}
}

// withdraw ends a wait that was not granted; it fails if a grant comes meanwhile, which may be for me.
func (w *Waiters) withdraw(c *Condition, slot uint32, me *Waiter) bool {
	n := &c.nodes[slot]
	v := n.Load()
	failpoint.Hit("condition: withdrawing")
	if granted(v) != w.given || !n.CompareAndSwap(v, v-oneAsked) {
		return false
	}
	first := w.line.Front()
	w.line.Remove(me.place)
	w.promote(first)
	return true
}

// Consume says that the grant's waiter has the lock, or will never have it: what it was woken for is its own
// business now, and no longer owed to others if it dies.
func (c *Condition) Consume(slot uint32) {
	failpoint.Hit("condition: locked again")
	c.consumed[slot].Add(1)
}

func (m *Waiter) wake() {
	select {
	case m.signal <- struct{}{}:
	default:
	}
}
