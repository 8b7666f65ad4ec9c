package prim

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Condition is what the processes that wait on a condition share. All zero is one that nobody waits on. Its lock
// lies elsewhere; that it is held is the caller's business.
//
// Each process has a node, at the index of its slot, and a count:
//
//	node      bits 0–31   granted: waits that a notification has ended
//	          bits 32–63  asked: waits that were begun, less those that were given up
//	consumed              grants whose waiter has the lock again, or has lost it for good
//
// All three only grow, but for asked when a waiter gives up, and wrap round. asked - granted wait; granted -
// consumed are on their way to the lock: their notifications are owed to others if the process dies.
//
//	wait        asked+1, with the lock held
//	notify      granted+1 where granted ≠ asked, with the lock held
//	give up     asked-1 where granted ≠ asked; else the grant is mine, and wins
//	consume     consumed+1, when the waiter has the lock again
//	death       asked = granted; then, until consumed = granted: a grant for another process, and consumed+1
//
// Each line is one instruction, which commits it. Waiting and granted change together by one word, so that no
// grant goes to a process that has nobody left for it: not to one that gives up, not to the dead. The last line
// is two instructions for each grant: a sweeper that dies between them has woken one waiter too many.
//
// One goroutine of each process, the oldest of its waiters, sleeps on granted for all of them: see Waiters. It
// only grows, so one who looks at it and then sleeps cannot miss a grant because another was consumed meanwhile.
//
// When a process dies holding the lock, nobody knows what it was about to notify, or which notification it was
// acting on. So all waits end then, as by NotifyAll: see Abandoned.
type Condition struct {
	_        structs.HostLayout
	cursor   atomic.Uint32 // the slot at which the next Notify begins
	_        [60]byte
	nodes    [park.Slots]atomic.Uint64
	consumed [park.Slots]atomic.Uint32
}

const (
	oneAsked = 1 << 32
	askedAt  = 32
)

func asked(node uint64) uint32   { return uint32(node >> askedAt) }
func granted(node uint64) uint32 { return uint32(node) }

// settled is a node in which nobody waits, of count waits so far.
func settled(count uint32) uint64 { return uint64(count)<<askedAt | uint64(count) }

// moreGranted adds to granted without a carry into asked.
func moreGranted(node uint64) uint64 { return node&^(1<<askedAt-1) | uint64(granted(node)+1) }

// Notify ends n waits, or all if fewer wait. The processes take turns, and in each the oldest wait is ended. Slots
// from top on were never used. The lock is held.
func (c *Condition) Notify(n int, top uint32, p park.Parker) {
	var woken [park.Slots / 64]uint64
	some := false
	for ; n > 0; n-- {
		slot, ok := c.grant(top)
		if !ok {
			break
		}
		woken[slot/64] |= 1 << (slot % 64)
		some = true
	}
	if !some {
		return
	}
	failpoint.Hit("condition: granted")
	for slot := range top {
		if woken[slot/64]&(1<<(slot%64)) != 0 {
			c.wake(slot, p)
		}
	}
}

// NotifyAll ends all waits that were begun. The lock is held.
func (c *Condition) NotifyAll(top uint32, p park.Parker) {
	for slot := range top {
		if c.grantAll(slot) {
			failpoint.Hit("condition: granted")
			c.wake(slot, p)
		}
	}
}

// grant ends the oldest wait of the next process that waits.
func (c *Condition) grant(top uint32) (slot uint32, ok bool) {
	from := c.cursor.Load()
	for i := range top {
		slot = (from + i) % top
		if c.grantAt(slot) {
			c.cursor.Store(slot + 1)
			return slot, true
		}
	}
	return 0, false
}

func (c *Condition) grantAt(slot uint32) bool {
	n := &c.nodes[slot]
	for {
		v := n.Load()
		if asked(v) == granted(v) {
			return false
		}
		failpoint.Hit("condition: granting")
		if n.CompareAndSwap(v, moreGranted(v)) {
			return true
		}
	}
}

func (c *Condition) grantAll(slot uint32) bool {
	n := &c.nodes[slot]
	for {
		v := n.Load()
		if asked(v) == granted(v) {
			return false
		}
		if n.CompareAndSwap(v, settled(asked(v))) {
			return true
		}
	}
}

// wake has the process look at its node. Only one of its goroutines sleeps there.
func (c *Condition) wake(slot uint32, p park.Parker) { p.Wake(grantedWord(&c.nodes[slot]), 1) }

// Waiting is how many goroutines of the process wait, and how many are on their way to the lock.
func (c *Condition) Waiting(slot uint32) (waiting, woken uint32) {
	v := c.nodes[slot].Load()
	return asked(v) - granted(v), granted(v) - c.consumed[slot].Load()
}
