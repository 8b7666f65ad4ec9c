package prim

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Owner is who holds an RLock.
type Owner struct {
	ID    uint32 // of the process, 0 = the lock is free
	Token uint32 // of the party in it; 0 = not known: the lock is just being taken or given back, or abandoned
	Depth uint32 // how many times it holds the lock; of a party that goes in and out it may be late
	Dead  bool   // the lock is abandoned, by that process
}

// HeldBy tells who holds the lock: ID and Token are of one moment. It is for lookers at memory that the race detector
// does not watch: the holder writes the depth without telling anybody.
func (r *RLock) HeldBy() Owner {
	v := r.word.Load()
	o := Owner{Token: uint32(v >> 32)}
	if o.ID, o.Dead = heldBy(uint32(v)); o.ID != 0 && !o.Dead {
		o.Depth = r.again + 1
	}
	return o
}

// Left tells what may be beside a lock that nobody holds: nothing.
func (r *RLock) Left() (token, again uint32) { return uint32(r.word.Load() >> 32), r.again }

// Died is Lock.Died. The token goes first: the lock must have none when others can take it.
func (r *RLock) Died(id uint32, via park.Parker, before func()) {
	r.words().died(id, via, func() {
		before()
		failpoint.Hit("sweep: rlock")
		r.again = 0
		r.word.And(lowHalf)
		failpoint.Hit("sweep: token cleared")
	})
}

// Recover is LockSlow for one who can mend: it takes an abandoned lock over too, also one that the party itself has
// torn and still holds, and tells that it did.
func (r *RLock) Recover(ctx context.Context, p *Party, via park.Parker, spin *park.Spin) (mend bool, err error) {
	if p.levels != 0 {
		mend = p.levels >= torn
		p.levels &^= torn
		r.TryLock(p) // it has it
		return mend, nil
	}
	mend, err = r.words().recover(ctx, uint32(p.me), via, spin)
	if err == nil {
		r.sign(p)
	}
	return mend, err
}

// Abandon leaves the given level, which a section has left in the middle, and what it had nested in it: the lock is
// torn, and others will find it abandoned once the party has left the levels below. With C nothing can be torn, and it is
// an unlock. It does nothing if the party is not as deep any more.
func (r *RLock) Abandon(p *Party, level int, via park.Parker) {
	if level == 0 || p.Depth() < level {
		return
	}
	p.levels, r.again = uint32(level)|p.levels&torn, uint32(level)-1
	if uint32(p.me)&consistent == 0 {
		p.levels |= torn
	}
	_ = r.UnlockSlow(p, via) // it holds the lock
}
