package arena

import "time"

// Why an object was left torn: Object.Reason, of the process that Object.DiedID names.
const (
	ReasonDied  uint32 = 0 // the process has died with it
	ReasonPanic uint32 = 1 // the process lives on: a section in it has panicked, or its goroutine has ended
)

// noteDeath writes down who died with the object in hand, before the object's word says so.
func (o *Object) noteDeath(who Person) {
	if o.DiedID == who.ID && o.Reason == ReasonDied {
		return // an earlier sweeper of the same death got this far
	}
	o.noteTorn(who, ReasonDied)
}

// NotePanic writes down that a section of this process has left the object torn. The caller holds the object's lock.
func (a *Arena) NotePanic(o *Object) {
	who := a.Who(a.slot)
	who.Ended = time.Now()
	o.noteTorn(who, ReasonPanic)
}

// noteTorn is done by who holds the lock, or sweeps who does. What says that it is done comes last: a death in between
// is noted over it.
func (o *Object) noteTorn(who Person, reason uint32) {
	o.DiedPID, o.DiedStart, o.DiedAt = uint32(who.PID), who.Start, who.Ended.UnixNano()
	o.DiedName = [len(o.DiedName)]byte{}
	copy(o.DiedName[:], cut(who.Name, len(o.DiedName)))
	o.Deaths++
	o.Reason = reason
	o.DiedID = who.ID
}

// DiedNamed is the name of the last process that left the object torn.
func (o *Object) DiedNamed() string { return text(o.DiedName[:]) }
