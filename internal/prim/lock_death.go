package prim

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// HeldBy is the id of the process that holds the lock, or that died with it; 0 if it is free.
func (l *Lock) HeldBy() (id uint32, dead bool) { return heldBy(l.word.Load()) }

func heldBy(v uint32) (id uint32, dead bool) { return v & idMask >> idShift, v&abandoned != 0 }

// Holds tells whether me is what holds the lock.
func (l *Lock) Holds(me uint32) bool { return l.word.Load()&^waiters == me }

// Waited tells whether somebody may sleep.
func (l *Lock) Waited() bool { return l.word.Load()&waiters != 0 }

// Died takes the lock from a process that is gone and wakes all sleepers: one of them may have been woken
// by the dead, or the dead may have been woken in its place. before is called before the lock is
// freed or published as abandoned, if the dead held it. The caller has the proof of death, and no other caller is at it now.
func (l *Lock) Died(id uint32, p park.Parker, before func()) { l.words().died(id, p, before) }

func (l words) died(id uint32, p park.Parker, before func()) {
	for {
		v := l.word.Load()
		if v&idMask != id<<idShift || v&abandoned != 0 {
			break
		}
		next := v & waiters
		if v&consistent == 0 {
			next = v | abandoned
		}
		before()
		failpoint.Hit("sweep: lock")
		if l.word.CompareAndSwap(v, next) {
			break
		}
	}
	// Also if W is missing: see giveUp.
	l.woken.Store(0)
	p.Wake(l.word, park.All)
}

// Recover is LockSlow for one who can mend: it takes an abandoned lock over too, and tells that it did.
func (l *Lock) Recover(ctx context.Context, me uint32, p park.Parker, spin *park.Spin) (mend bool, err error) {
	return l.words().recover(ctx, me, p, spin)
}

func (l words) recover(ctx context.Context, me uint32, p park.Parker, spin *park.Spin) (mend bool, err error) {
	for {
		err := l.lock(ctx, me, p, spin)
		if err != ErrAbandoned {
			return false, err
		}
		v := l.word.Load()
		if v&abandoned != 0 && l.word.CompareAndSwap(v, me|v&waiters) {
			failpoint.Hit("lock: taken over")
			return true, nil
		}
	}
}

// Abandon gives a held lock up as torn: the mending has failed, or the section has panicked. It does nothing if
// the caller does not hold the lock, or not any more.
func (l *Lock) Abandon(me uint32, p park.Parker) { l.words().abandon(me, p) }

func (l words) abandon(me uint32, p park.Parker) {
	for {
		v := l.word.Load()
		if v&^waiters != me {
			return
		}
		failpoint.Hit("lock: abandoning")
		if l.word.CompareAndSwap(v, me|abandoned|waiters) {
			break
		}
	}
	failpoint.Hit("lock: given up as torn")
	l.woken.Store(0)
	p.Wake(l.word, park.All)
}
