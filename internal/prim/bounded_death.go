package prim

import (
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// HeldBy is how many permits the process in a slot holds. It is exact if that process is doing nothing to the semaphore.
func (b *Bounded) HeldBy(slot uint32, held []atomic.Uint32) uint32 {
	if v := b.word.Load(); slotIn(v) == slot {
		return heldIn(v)
	}
	return held[slot].Load() // written before the word had another's account
}

// Accounts is the id of the process that holds the lock of the accounts, for the looker only.
func (b *Bounded) Accounts() (id uint32, dead bool) { return b.accounts.HeldBy() }

// FreeAccounts frees the lock of the accounts if the process with this id has died with it, and wakes who sleeps for it.
func (b *Bounded) FreeAccounts(id uint32, p park.Parker) { b.accounts.Died(id, p, func() {}) }

// Died gives the permits back that the process in the slot of that number held, and wakes all sleepers. take takes a lock
// for the process of s, as a sweep has to do it. before is called before the permits return, if there are any. The
// caller has the proof of death, has called FreeAccounts, and no other caller is at it now.
func (b *Bounded) Died(slot uint32, s *Seat, take func(*Lock), before func()) {
	take(&b.accounts)
	b.repay(slot, s.Held, before)
	b.unlock(s)
	s.Parker.Wake(b.permits(), park.All)
}

// repay is one CAS, like every transfer: done again, it finds an account of 0.
func (b *Bounded) repay(slot uint32, held []atomic.Uint32, before func()) {
	for {
		v := b.word.Load()
		n := b.account(v, slot, held)
		if n == 0 {
			return
		}
		before()
		failpoint.Hit("sweep: permits")
		if b.word.CompareAndSwap(v, boundedWord(uint32(v)&permitMask+n, slot, 0)) {
			return
		}
	}
}
