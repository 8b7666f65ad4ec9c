package prim

import (
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Died takes a process that is gone out of the condition: nobody waits there any more, and the notifications that its
// waiters did not live to act on go to others. The caller has the proof of death, and no other caller is at this
// slot now.
func (c *Condition) Died(slot, top uint32, p park.Parker) {
	n := &c.nodes[slot]
	for {
		v := n.Load()
		if asked(v) == granted(v) || n.CompareAndSwap(v, settled(granted(v))) {
			break // from here on no grant can come: the CAS of a notifier that is at it fails
		}
	}
	failpoint.Hit("sweep: condition closed")
	for c.consumed[slot].Load() != granted(n.Load()) {
		c.Notify(1, top, p)
		failpoint.Hit("sweep: notification handed on")
		c.consumed[slot].Add(1)
	}
	c.wakeGranted(top, p)
}

// Abandoned ends all waits on account of a process that has died, or given up, holding the lock. It is called
// before the lock's word tells of it, and after Died for the same slot.
func (c *Condition) Abandoned(top uint32, p park.Parker) {
	for slot := range top {
		c.grantAll(slot)
	}
	failpoint.Hit("sweep: waits ended")
	c.wakeGranted(top, p)
}

// wakeGranted wakes whoever may sleep beside a grant: whoever made it may have died before the wake-up.
func (c *Condition) wakeGranted(top uint32, p park.Parker) {
	for slot := range top {
		if _, woken := c.Waiting(slot); woken != 0 {
			c.wake(slot, p)
		}
	}
}
