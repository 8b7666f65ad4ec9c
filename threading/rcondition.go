package threading

import "github.com/multiproc/mp/internal/prim"

// RCondition is a condition over an [RLock]: Python's threading.Condition() without a lock. Who has the lock is a
// [Holder] here, so the verbs are those of what By makes for one: a [Condition] like any other. The zero RCondition is
// ready, over a lock of its own; L is set before the first use to share one. An RCondition must not be copied after
// first use.
//
//	h := rc.Holder()
//	c := rc.By(h) // for this goroutine
//	c.Lock()
//	c.WaitFor(ready)
//
// A wait lets go of the lock at whatever level its Holder has it, and takes it as often again, which costs 2 or 3 ns a
// level. Where nobody needs to enter twice, take a Condition. Between processes mp.RCondition does the same, and knows of
// their deaths.
type RCondition struct {
	// L is the lock; nil is one of the RCondition's own.
	L *RLock

	own  RLock
	line prim.Line
}

func (r *RCondition) lock() *RLock {
	if r.L == nil {
		return &r.own
	}
	return r.L
}

// Holder makes a party that can hold the condition's lock, as [RLock.Holder].
func (r *RCondition) Holder() *Holder { return r.lock().Holder() }

// By is the condition as h has it: its Lock and Unlock are h's, at one level more or less each, and its Wait and
// Notify want h to hold the lock. So it is for one goroutine at a time, as h is. It costs an allocation. It panics if h
// is of another lock.
func (r *RCondition) By(h *Holder) *Condition {
	if h.lock != r.lock() {
		panic("threading: By with a Holder of another RLock")
	}
	return &Condition{L: h, of: r}
}

// nested is a lock that one party may hold several times, and that tells how often: a Holder, of this package or of mp.
type nested interface{ Depth() int }

// nestedLock is a Condition over such a lock. What is saved in a wait lies in the Condition: it is one party's, as L is.
type nestedLock Condition

func (c *nestedLock) Release() {
	c.levels = c.L.(nested).Depth()
	for range c.levels {
		c.L.Unlock()
	}
}

func (c *nestedLock) Restore() {
	for range c.levels {
		c.L.Lock()
	}
}
