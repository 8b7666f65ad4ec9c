package arena

// mortal is a payload that processes have something of in hand: a lock, permits, a place in a barrier.
type mortal interface {
	// died takes out of the object what a dead process held of it, and wakes its sleepers: one of them may
	// have been woken by the dead, or the dead in its place. It may be called again for the same death.
	died(a *Arena, o *Object, slot, id uint32)

	// engages tells whether a living process has something in hand that its death would have to undo. Its holder
	// bit stays then, though it has dropped its last handle: by the bit the sweep finds the object.
	engages(slot, id uint32) bool
}

// latched is a mortal with a lock of its own that sweeps take. A sweeper may die with it and without a handle of the
// object, so that its own death says nothing to the object. Each payload whose died takes a lock is latched, and takes it by
// takeSweeping; of the others no sweeper can have anything in hand, and users of their locks have a handle:
//
//	Lock, RLock, RWLock     the users' lock is marked, never taken
//	Value, Queue            their inner locks are freed, never taken
//	Condition               has no lock; the waits that a lock's sweep ends lie in words of the dead, and in the heap lock
//	Semaphore, Event        have no lock
//	Barrier, BoundedSemaphore  latched
type latched interface {
	// unlatch frees the lock if the process with this id has died with it, ends what it had begun under it, and wakes
	// who sleeps for it: one may have been woken in its place. It takes no lock, and may be called again.
	unlatch(a *Arena, id uint32)
}

// mortal is the object's payload if a death can concern it.
func (o *Object) mortal() mortal {
	switch o.Kind {
	case KindLock:
		return PayloadOf[LockState](o)
	case KindRLock:
		return PayloadOf[RLockState](o)
	case KindValue:
		return PayloadOf[ValueState](o)
	case KindSemaphore:
		return PayloadOf[SemaphoreState](o)
	case KindBoundedSemaphore:
		return PayloadOf[BoundedState](o)
	case KindRWLock:
		return PayloadOf[RWLockState](o)
	case KindCondition:
		return PayloadOf[ConditionState](o)
	case KindBarrier:
		return PayloadOf[BarrierState](o)
	case KindEvent:
		return PayloadOf[EventState](o)
	case KindQueue:
		return PayloadOf[QueueState](o)
	case KindList:
		return PayloadOf[ListState](o)
	}
	return nil
}

func (o *Object) engages(slot, id uint32) bool {
	p := o.mortal()
	return p != nil && p.engages(slot, id)
}

func (s *LockState) died(a *Arena, o *Object, slot, id uint32) {
	s.Lock.Died(id, a.park, func() {
		o.noteDeath(a.Who(slot))
		if s.Conditions.Load() != 0 {
			a.endWaits(o, slot, a.lockSweeping)
		}
	})
}

func (s *LockState) engages(_, id uint32) bool {
	holder, dead := s.Lock.HeldBy()
	return holder == id && !dead
}

func (s *ValueState) died(a *Arena, _ *Object, _, id uint32) { s.Lock.Died(id, a.park, func() {}) }

// engages: a Value is locked only while one of its methods runs, which holds a handle.
func (s *ValueState) engages(uint32, uint32) bool { return false }
