package arena

import (
	"structs"

	"github.com/multiproc/mp/internal/ring"
)

// QueueState is the payload of an object of KindQueue; the ring's bytes follow it.
type QueueState struct {
	_    structs.HostLayout
	Ring ring.Ring
}

// RingUser is this process's way of using a queue's ring; *ring.CorruptError: there is none.
func (a *Arena) RingUser(o *Object) (*ring.User, error) {
	return PayloadOf[QueueState](o).Ring.NewUser(a.id, a.park, a.knows, min(o.Size, a.size-uint64(a.offsetOf(o))-headerSize))
}

// died takes no lock: a death leaves nothing torn in a ring, whatever its locks guard.
func (s *QueueState) died(a *Arena, _ *Object, _, id uint32) { s.Ring.Died(id, a.park) }

// engages: a ring's locks are held only while one of its methods runs, which holds a handle.
func (s *QueueState) engages(uint32, uint32) bool { return false }
