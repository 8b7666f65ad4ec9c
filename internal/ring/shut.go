package ring

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Shutdown ends the ring: no more messages come in. Those that are there can be taken, unless drop. Killed in it, the
// ring is shut or not; with drop it may be shut and its messages still there.
func (r *Ring) Shutdown(u *User, drop bool) {
	r.Tail.v.Or(shut) // from here on Tail stands still
	failpoint.Hit("ring: shut")
	r.tellShut(u.Parker)
	if u.Store.Any() {
		r.trim(u)
	}
	if !drop || r.lock(context.Background(), u, &r.H, &u.spinH) != nil {
		return
	}
	blocks := r.drop(u)
	r.unlock(u, &r.H)
	for _, m := range blocks {
		r.Release(u, m)
	}
	r.Reclaim(u)
}

// drop moves Head to Tail, and returns the blocks that lay between them, in hand. H is held.
func (r *Ring) drop(u *User) (blocks []Message) {
	end := r.Tail.at()
	for at := r.Head.at(); at != end && u.Store.Any(); {
		start, h, err := r.first(u, at, words(at, end))
		if err == nil && h.kind() == inBlock {
			var m Message
			if m, err = r.open(u, start); err == nil {
				blocks = append(blocks, m)
			}
		}
		if err != nil {
			_ = r.condemn(u.Parker, err)
			return blocks
		}
		at = past(start, recordWords(h.size()), 1)
	}
	r.TailSeen = end // first: it is never behind Head
	failpoint.Hit("ring: dropping")
	r.Head.move(end, false)
	failpoint.Hit("ring: dropped")
	return blocks
}

func (r *Ring) tellShut(p park.Parker) {
	r.Head.v.Or(shut)
	failpoint.Hit("ring: shut at both ends")
	p.Wake(r.Tail.low(), park.All)
	p.Wake(r.Head.low(), park.All)
}

// Died frees what a dead process held and wakes all sleepers: one of them may have been woken by the dead, or the dead in
// its place. The caller has the proof of death; it may call it again for the same one.
func (r *Ring) Died(id uint32, p park.Parker) {
	r.T.Died(id, p, func() {})
	r.H.Died(id, p, func() {})
	r.Line.Died(id, p, func() {})
	r.B.Died(id, p, func() {})
	if r.Corrupt() {
		r.Tail.v.Or(shut)
	}
	if r.Tail.shut() {
		r.tellShut(p)
		return
	}
	p.Wake(r.Tail.low(), park.All)
	p.Wake(r.Head.low(), park.All)
}
