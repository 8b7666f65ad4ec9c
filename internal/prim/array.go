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
//	rest     Seq even                the elements are whole; a holder of the lock may be writing the slip
//	decided  Seq odd, Changes i+1    the slip is the new element i, wholly, and is being copied there; the sweep copies it
//	                                 again if the copier dies. The store of Seq commits
//	section  Seq odd, Changes 0      whoever holds the lock writes to the elements as it likes
//
// The holder of the lock moves it: from rest to decided and back, by Decide and Copied; and from rest to section and
// back, by Enter and Leave. Changes is written before Seq. An element is changed with bit C in the lock's word, as a
// death then leaves nothing torn: the sweep ends what was decided, and frees the lock. In a section a death abandons it,
// Seq stays odd, and only Recover gets in.
//
// Who reads an element of several words reads Seq before and after: if it was even, and the same, no byte of it has changed
// meanwhile. If Seq is odd the lock tells whether to wait or that somebody has died. Elements of a word change by one
// instruction without any of this.
type Array struct {
	_       structs.HostLayout
	Lock    Lock
	Seq     atomic.Uint32
	Changes uint64 // the element that changes + 1, of which only the holder of the lock and its sweeper know; 0: any
}

// Decide commits to what lies in the slip as the new element i. The caller holds the lock.
func (a *Array) Decide(i int) {
	a.Changes = uint64(i) + 1
	failpoint.Hit("array: before commit")
	a.odd()
	failpoint.Hit("array: committed")
}

// Copied ends what Decide began, when the element is what the slip is.
func (a *Array) Copied() {
	failpoint.Hit("array: copied")
	a.turn()
	failpoint.Hit("array: whole")
}

// Enter begins a section, also one that another has died in: the caller holds the lock, and can mend.
func (a *Array) Enter() {
	failpoint.Hit("array: entering")
	a.Changes = 0
	if a.Seq.Load()&1 == 0 {
		a.odd()
	}
	failpoint.Hit("array: inside")
}

// Leave ends a section.
func (a *Array) Leave() {
	failpoint.Hit("array: leaving")
	a.turn()
	failpoint.Hit("array: left")
}

// odd warns readers before the first store to an element. A store releases what comes before it, and holds nothing back that
// comes after; a load does, and does not pass the store.
func (a *Array) odd() {
	a.turn()
	a.Seq.Load()
}

// turn, of an odd Seq, tells readers that all stores to elements are done.
func (a *Array) turn() { a.Seq.Store(a.Seq.Load() + 1) }

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
		_, whole := a.Whole()
		if !consistent || !whole && a.Changes == 0 {
			before()
		}
		if consistent && !whole {
			a.end(redo)
		}
	}
	a.Lock.Died(id, p, func() {})
}

// end leaves the array at rest. Until Seq is even it may be done again, as the sweeper may die in it too.
func (a *Array) end(redo func(i uint64)) {
	if a.Changes != 0 {
		failpoint.Hit("array: redoing")
		redo(a.Changes - 1)
		failpoint.Hit("array: redone")
	}
	a.turn()
	failpoint.Hit("array: at rest")
}
