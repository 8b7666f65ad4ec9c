package ring

import (
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Died takes what a dead process had in hand out of the ring and wakes all sleepers: one of them may have been
// woken by the dead, or the dead in its place. What it had reserved is passed over; what it had taken is given out
// again. lock is how the sweeper takes the two locks, after those of the dead were freed; it may be called again
// for the same death.
func (r *Ring) Died(id uint32, u *User, slot uint32, lockT, lockH func()) {
	r.T.Died(id, u.Parker, func() {})
	r.H.Died(id, u.Parker, func() {})
	lockT()
	lockH()
	r.mend(slot)
	unlock(u, &r.H)
	unlock(u, &r.T)
	r.wakeAll(u)
}

func (r *Ring) mend(slot uint32) {
	head, tail := r.Head.v.Load(), r.Tail.v.Load()
	for m := r.Free.v.Load(); m != tail; {
		word := r.header(m)
		h := header(word.Load())
		if h.owner() == slot {
			switch h.state() {
			case reserved:
				failpoint.Hit("ring: skipping")
				word.Store(uint64(h.as(skip)))
			case taken:
				// In this order: were it ready and below head, a second death would lose it.
				if words(r.Free.v.Load(), m) < words(r.Free.v.Load(), head) {
					head = m
					release(&r.Head.v, head)
				}
				failpoint.Hit("ring: giving back")
				again := h.as(ready)&^(timesMask<<timesShift) | header(min(h.times()+1, timesMask)<<timesShift)
				word.Store(uint64(again.by(0)))
			}
		}
		m = h.past(m)
	}
	r.collect()
}

// Close ends the ring: no more messages. Those that are there can be taken, unless now.
func (r *Ring) Close(u *User, now bool) {
	state := closed
	if now {
		state = dropped
	}
	for {
		was := r.Shut.Load()
		if was >= state || r.Shut.CompareAndSwap(was, state) {
			break
		}
	}
	failpoint.Hit("ring: shut")
	r.wakeAll(u)
}

func (r *Ring) wakeAll(u *User) {
	for _, word := range [...]*atomic.Uint32{&r.Data, &r.Space} {
		word.Store(0)
		u.Parker.Wake(word, park.All)
	}
}
