package ring

import (
	"errors"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// ErrLeft: the user has left, and waits no more.
var ErrLeft = errors.New("ring: left")

// Leave ends a user's waits for messages in in and for room in out, now and for ever; either may be nil. Others wait on.
// A user behind another in line leaves with the next tick.
func (u *User) Leave(in, out *Ring) {
	u.left.Store(true)
	for u.asleep.Load() > 0 {
		if in != nil {
			in.Tail.rouse(u)
		}
		if out != nil {
			out.Head.rouse(u)
		}
		park.Yield() // who is just going to sleep sees W gone, unless another has announced itself again; so once more
	}
}

// rouse wakes all sleepers, who decide anew. Without W none of them is blocked.
func (m *Mark) rouse(u *User) {
	m.v.And(^waited)
	failpoint.Hit("ring: rousing")
	u.Parker.Wake(m.low(), park.All)
}
