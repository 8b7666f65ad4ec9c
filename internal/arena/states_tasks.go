package arena

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/tasks"
)

// JoinableQueueState is the payload of an object of KindJoinableQueue.
type JoinableQueueState struct {
	_     structs.HostLayout
	Tasks tasks.Tasks
	Hands [Slots]uint64 // by slot: the cell of the message that the process has got last and has in hand; under the queue's lock
}

// SimpleQueueState is the payload of an object of KindSimpleQueue. What is got from it is in nobody's hand.
type SimpleQueueState struct {
	_     structs.HostLayout
	Tasks tasks.Tasks
}

// TasksUser is this process's way of using a queue, to put what it gets into that hand; nil: it only pulls.
func (a *Arena) TasksUser(o *Object, hand *uint64) *tasks.User {
	return &tasks.User{User: a.SlabUser(o), Hand: hand}
}

// Hand is where the list of the messages begins that this process has in hand.
func (a *Arena) Hand(s *JoinableQueueState) *uint64 { return &s.Hands[a.slot] }

func (s *JoinableQueueState) died(a *Arena, o *Object, slot, id uint32) {
	s.Tasks.Died(id, a.TasksUser(o, &s.Hands[slot]), a.takeSweeping)
}

// unlatch ends what the dead had begun under the lock, be it as a user, or as a sweeper that gave back what a corpse had.
func (s *JoinableQueueState) unlatch(a *Arena, id uint32) { s.Tasks.Unlatch(id, a.memory(), a.park) }

// engages: its messages come back by its death.
func (s *JoinableQueueState) engages(slot, _ uint32) bool {
	return atomic.LoadUint64(&s.Hands[slot]) != 0
}

// died takes no lock: nothing of it is in hand.
func (s *SimpleQueueState) died(a *Arena, o *Object, _, id uint32) {
	s.Tasks.Died(id, a.TasksUser(o, nil), a.takeSweeping)
}

// engages: its lock is held only while one of its methods runs, which holds a handle.
func (s *SimpleQueueState) engages(uint32, uint32) bool { return false }
