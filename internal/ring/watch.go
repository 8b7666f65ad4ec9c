package ring

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Ready tells whether Take would not wait: there is a message, or the ring is shut.
func (r *Ring) Ready() bool {
	tail := r.Tail.v.Load()
	return tail&shut != 0 || tail&^flags != r.Head.at()
}

// Await waits until the ring is ready, or ctx ends. It takes nothing.
func (r *Ring) Await(ctx context.Context, u *User) error {
	for slept := false; ; {
		seen := r.Tail.low().Load()
		if r.Ready() {
			if slept {
				r.HandOn(u)
			}
			return nil
		}
		if u.spinData.Until(r.Tail.low(), seen, park.Same) {
			continue
		}
		slept = true
		if err := r.awaitData(ctx, u); err != nil {
			r.HandOn(u)
			return err
		}
	}
}

// Watch is what to sleep on for who waits for several things: not ok if the ring is ready. Who has slept so calls
// HandOn, whatever it found.
func (r *Ring) Watch() (w park.Watch, ok bool) {
	for {
		tail := r.Tail.v.Load()
		if tail&shut != 0 || tail&^flags != r.Head.at() {
			return w, false
		}
		if r.Tail.announce(tail) {
			failpoint.Hit("ring: watched")
			return park.Watch{Word: r.Tail.low(), Seen: uint32(waited), Blocked: asleep}, true
		}
	}
}
