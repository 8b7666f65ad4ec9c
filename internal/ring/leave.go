package ring

import (
	"errors"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// ErrLeft: the user has left, and waits no more.
var ErrLeft = errors.New("ring: left")

// Leave ends a user's waits for messages and for room, now and for ever. Others wait on. A user behind another in line leaves with
// the next tick.
func (u *User) Leave(r *Ring) {
	u.left.Store(true)
	for u.asleep.Load() > 0 {
		r.Tail.rouse(u)
		r.Head.rouse(u)
		park.Yield() // who is just going to sleep sees W gone, unless another has announced itself again; so once more
	}
}

// rouse wakes all sleepers, who decide anew. Without W none of them is blocked.
func (m *Mark) rouse(u *User) {
	m.v.And(^waited)
	failpoint.Hit("ring: rousing")
	u.Parker.Wake(m.low(), park.All)
}
