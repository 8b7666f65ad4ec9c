package arena

import (
	"structs"

	"github.com/multiproc/mp/internal/ring"
)

// QueueState is the payload of an object of KindQueue; the ring's bytes follow it. Messages that are too long for the ring lie in
// extents of the object.
type QueueState struct {
	_    structs.HostLayout
	Ring ring.Ring
}

// RingUser is this process's way of using a queue's ring; *ring.CorruptError: there is none.
func (a *Arena) RingUser(o *Object) (*ring.User, error) {
	return a.ringUser(a.id, &PayloadOf[QueueState](o).Ring, a.ringBytes(o), blocks{a, o}, 0)
}

func (a *Arena) ringBytes(o *Object) uint64 {
	return min(o.Size, a.size-uint64(a.offsetOf(o))-headerSize)
}

// died waits for no lock: a death leaves nothing torn in a ring, whatever its locks guard, and who holds them now may be stopped.
func (s *QueueState) died(a *Arena, o *Object, slot, id uint32) {
	a.sweepRing(&s.Ring, o, a.ringBytes(o), slot, id, 0)
}

// engages: a ring's locks are held only while one of its methods runs, and blocks are in hand only as long as somebody has a handle.
func (s *QueueState) engages(uint32, uint32) bool { return false }
