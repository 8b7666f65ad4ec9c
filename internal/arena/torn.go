package arena

import (
	"time"

	"github.com/multiproc/mp/internal/failpoint"
)

// Object.Died is one word, stored last: a sweeper that dies before it has noted nothing, and one that comes after it has
// nothing to note.
//
//	bits 0–30   id of the process that left the object torn; 0 = none did
//	bit  31     it lives on: a section in it has panicked, or its goroutine has ended
//	bits 32–63  how often the object was left torn
const diedByPanic = 1 << 31

// noteDeath writes down who died with the object in hand, before the object's word says so.
func (o *Object) noteDeath(who Person) {
	if o.DiedID() == who.ID && !o.Panicked() {
		return // an earlier sweeper of the same death got this far
	}
	o.noteTorn(who, 0)
}

// NotePanic writes down that a section of this process has left the object torn. The caller holds the object's lock.
func (a *Arena) NotePanic(o *Object) {
	who := a.Who(a.slot)
	who.Ended = time.Now()
	o.noteTorn(who, diedByPanic)
}

// noteTorn is done by who holds the lock, or sweeps who does. A death in between
// is noted over it.
func (o *Object) noteTorn(who Person, how uint64) {
	o.DiedPID, o.DiedStart, o.DiedAt = uint32(who.PID), who.Start, who.Ended.UnixNano()
	o.DiedName = [len(o.DiedName)]byte{}
	copy(o.DiedName[:], cut(who.Name, len(o.DiedName)))
	failpoint.Hit("torn: noting")
	o.Died.Store((o.Deaths()+1)<<32 | how | uint64(who.ID))
	failpoint.Hit("torn: noted")
}

// Deaths is how often a process has left the object torn.
func (o *Object) Deaths() uint64 { return o.Died.Load() >> 32 }

// DiedID is the last process that did; 0 = none.
func (o *Object) DiedID() uint32 { return uint32(o.Died.Load()) &^ diedByPanic }

// Panicked tells that it lives on: a section in it has panicked, or its goroutine has ended.
func (o *Object) Panicked() bool { return o.Died.Load()&diedByPanic != 0 }

// DiedNamed is the name of the last process that left the object torn.
func (o *Object) DiedNamed() string { return text(o.DiedName[:]) }
