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
	case KindPipe:
		return PayloadOf[PipeState](o)
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
