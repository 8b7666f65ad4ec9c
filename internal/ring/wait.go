package ring

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
)

// asleep is while a sleep is safe: without W nobody would wake us, and with S nothing comes any more.
func asleep(now, _ uint32) bool { return uint64(now)&flags == waited }

// awaitData sleeps while the ring is empty.
func (r *Ring) awaitData(ctx context.Context, u *User) error {
	for {
		tail := r.Tail.v.Load()
		if tail&shut != 0 || tail&^flags != r.Head.at() {
			return nil
		}
		if r.Tail.announce(tail) {
			return r.Tail.sleep(ctx, u)
		}
	}
}

// awaitSpace sleeps while a record does not fit. Line is held.
func (r *Ring) awaitSpace(ctx context.Context, u *User, s shape) error {
	for {
		head := r.Head.v.Load()
		tail := r.Tail.v.Load()
		if head&^tail&shut != 0 {
			return r.condemn(u.Parker, corrupt("it is shut at one end, the wrong one"))
		}
		if tail&shut != 0 || u.fits(head&^flags, tail&^flags, s) {
			return nil
		}
		if r.Head.announce(head) {
			return r.Head.sleep(ctx, u)
		}
	}
}

// announce sets W in a mark that is still what it was.
func (m *Mark) announce(v uint64) bool {
	return v&waited != 0 || m.v.CompareAndSwap(v, v|waited)
}

func (m *Mark) sleep(ctx context.Context, u *User) error {
	failpoint.Hit("ring: waiter announced")
	u.asleep.Add(1) // first: Leave, which sets left first, sees us or is seen
	defer u.asleep.Add(-1)
	if u.left.Load() {
		return ErrLeft
	}
	err := u.Parker.Park(ctx, m.low(), uint32(waited), asleep)
	failpoint.Hit("ring: woken")
	return err
}

// HandOn is for a consumer that has slept, whatever it leaves with: others may sleep behind it, and puts that found
// no W have relied on it.
func (r *Ring) HandOn(u *User) {
	for {
		failpoint.Hit("ring: handing on")
		tail := r.Tail.v.Load()
		switch {
		case tail&flags != 0: // empty, and the next put wakes one; or shut, and all were woken
			return
		case tail != r.Head.at():
			u.Parker.Wake(r.Tail.low(), 1)
			return
		case r.Tail.announce(tail):
			return
		}
	}
}
