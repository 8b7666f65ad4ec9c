package prim

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Array is the state of an array whose elements change whole or not at all: 24 bytes, zero is ready. The elements lie
// beside it, and so does the slip, which has room for one of them; the caller copies.
//
//	rest     Seq even, Pending 0        the elements are whole; a holder of the lock may be writing the slip
//	decided  Pending i+1                the slip is the new element i, wholly; the store of Pending commits
//	copying  Pending i+1, Seq odd       the slip is copied to element i; done again by the sweep if the copier dies
//	copied   Pending i+1, Seq even      all but forgotten
//	section  Seq odd, Pending 0         whoever holds the lock writes to the elements as it likes
//
// The holder of the lock moves it: round from rest to copied and back, by Decide, Copy and Copied; and from rest to section and
// back, by Enter and Leave. Round it goes with bit C in the lock's word, as a death there leaves nothing torn: the sweep
// ends what was decided, and frees the lock. In a section a death abandons it, Seq stays odd, and only Recover gets in.
//
// Who reads an element of several words reads Seq before and after: if it was even, and the same, no byte of it has changed
// meanwhile. If Seq is odd the lock tells whether to wait or that somebody has died. Elements of a word change by one
// instruction without any of this.
type Array struct {
	_       structs.HostLayout
	Lock    Lock
	Seq     atomic.Uint32
	Pending atomic.Uint64
}

// Decide commits to what lies in the slip as the new element i. The caller holds the lock.
func (a *Array) Decide(i int) {
	failpoint.Hit("array: before commit")
	a.Pending.Store(uint64(i) + 1)
	failpoint.Hit("array: committed")
	a.odd()
	failpoint.Hit("array: copying")
}

// Copied ends what Decide began, when the element is what the slip is.
func (a *Array) Copied() {
	failpoint.Hit("array: copied")
	a.Seq.Add(1)
	failpoint.Hit("array: whole")
	a.Pending.Store(0)
}

// Enter begins a section, also one that another has died in: the caller holds the lock, and can mend.
func (a *Array) Enter() {
	failpoint.Hit("array: entering")
	if a.Seq.Load()&1 == 0 {
		a.odd()
	}
	failpoint.Hit("array: inside")
}

// Leave ends a section.
func (a *Array) Leave() {
	failpoint.Hit("array: leaving")
	a.Seq.Add(1)
	failpoint.Hit("array: left")
}

// odd warns readers before the first store to an element. A store releases what comes before it, and holds nothing back that
// comes after; a load does, and does not pass the store.
func (a *Array) odd() {
	a.Seq.Store(a.Seq.Load() + 1)
	a.Seq.Load()
}

// Whole is Seq, if elements may be read now.
func (a *Array) Whole() (seq uint32, ok bool) {
	seq = a.Seq.Load()
	return seq, seq&1 == 0
}

// Died ends what a dead process has decided, and frees the lock or abandons it; it is called by the rules of Lock.Died. redo
// makes element i what the slip is. before is called if the process died in a section, and before anybody can know.
func (a *Array) Died(id uint32, p park.Parker, redo func(i uint64), before func()) {
	if holder, dead := a.Lock.HeldBy(); holder == id && !dead {
		consistent := a.Lock.Holds(Holder(id, false))
		pending, odd := a.Pending.Load(), a.Seq.Load()&1 != 0
		if !consistent || odd && pending == 0 {
			before()
		}
		if consistent {
			a.end(pending, odd, redo)
		}
	}
	a.Lock.Died(id, p, func() {})
}

// end leaves the array at rest. All of it may be done again: a sweeper may die in it too.
func (a *Array) end(pending uint64, odd bool, redo func(i uint64)) {
	if pending != 0 {
		if !odd {
			a.odd()
			odd = true
		}
		failpoint.Hit("array: redoing")
		redo(pending - 1)
		failpoint.Hit("array: redone")
	}
	if odd {
		a.Seq.Add(1)
	}
	failpoint.Hit("array: redone, even")
	a.Pending.Store(0)
}
