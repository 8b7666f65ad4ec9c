package prim

import (
	"fmt"
	"structs"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// barrierBreaks is how many breaks are remembered, for waiters that are late; it divides 2¹².
const barrierBreaks = 8

// Why a barrier was broken. The numbers are part of the layout.
const (
	Aborted      uint32 = 1 + iota
	Cancelled           // the wait of a party has ended early
	ActionFailed        // the action has returned an error, or panicked
	WasReset            // somebody waited, and the barrier was reset
	PartyDied
)

// BreakReason is a reason in words that follow "the barrier was".
func BreakReason(reason uint32) string {
	if int(reason) < len(breakReasons) && reason != 0 {
		return breakReasons[reason]
	}
	return fmt.Sprintf("broken for reason %d", reason)
}

var breakReasons = [...]string{
	Aborted: "aborted", Cancelled: "given up by a waiter", ActionFailed: "broken by its action",
	WasReset: "reset while somebody waited", PartyDied: "broken by the death of a party",
}

// Person is who has broken a barrier.
type Person struct {
	ID, PID uint32
	Name    string
}

// Break is the record of a break. Whoever holds the barrier's lock writes it, Turn last, and then breaks the barrier.
type Break struct {
	_      structs.HostLayout
	Turn   atomic.Uint32 // the low half of the state, broken, without W: which turn it was, and never 0
	Reason uint32
	ID     uint32
	PID    uint32
	At     int64 // Unix time, ns
	Name   [40]byte
}

// Broken is why a wait at a barrier has failed: a record, copied, and the waiter's own error, if it has one.
type Broken struct {
	Reason uint32
	Who    Person
	At     time.Time
	Err    error
}

func (b *Barrier) hold(me *Attendant) {
	holder := Holder(me.ID, false)
	if !b.lock.TryLock(holder) {
		_ = b.lock.LockSlow(background, holder, me.Park, me.Spin) // never abandoned, and nothing ends the wait
	}
}

func (b *Barrier) release(me *Attendant) {
	if holder := Holder(me.ID, false); !b.lock.Unlock(holder) {
		_ = b.lock.UnlockSlow(holder, me.Park)
	}
}

func (b *Barrier) record(v uint64) *Break {
	return &b.breaks[v&barrierResets/barrierReset%barrierBreaks]
}

func (r *Break) of(v uint64) bool {
	return r.Turn.Load() == uint32(v&barrierTurns|barrierBroken)
}

func (r *Break) broken(err error) *Broken {
	n := 0
	for n < len(r.Name) && r.Name[n] != 0 {
		n++
	}
	return &Broken{r.Reason, Person{r.ID, r.PID, string(r.Name[:n])}, time.Unix(0, r.At), err}
}

// brokenNow tells why the barrier is broken; nil if it no longer is.
func (b *Barrier) brokenNow(me *Attendant) *Broken {
	b.hold(me)
	defer b.release(me)
	if v := b.state.Load(); v&barrierBroken != 0 {
		return b.record(v).broken(nil)
	}
	return nil
}

// verdict tells how the turn ended in which we came: nil if it was passed.
func (b *Barrier) verdict(came arrival, me *Attendant) *Broken {
	if !sameBarrierTurn(b.state.Load(), came.state) && b.resets.Load() == came.resets {
		return nil
	}
	b.hold(me)
	defer b.release(me)
	return b.ended(came, nil)
}

// ended is verdict with the lock held; the turn has ended.
func (b *Barrier) ended(came arrival, err error) *Broken {
	switch r := b.record(came.state); {
	case b.resets.Load()-came.resets >= barrierBreaks:
		return &Broken{Reason: WasReset, Err: err}
	case r.of(came.state), sameBarrierTurn(b.state.Load(), came.state):
		return r.broken(err)
	}
	return nil
}

// giveUp breaks the turn in which we came. If it has ended before, that counts: nil if it was passed.
func (b *Barrier) giveUp(came arrival, me *Attendant, reason uint32, err error) *Broken {
	b.hold(me)
	defer b.release(me)
	for {
		v := b.state.Load()
		if v&barrierBroken != 0 || !sameBarrierTurn(v, came.state) {
			return b.ended(came, err)
		}
		if b.shatter(v, reason, me.Who()) {
			b.wakeAll(me)
			return b.record(v).broken(err)
		}
	}
}

// shatter breaks the turn if the state is still v, by one CAS, before which all is told. The lock is held. Killed in
// between, it is for FreeLock to take the record back.
func (b *Barrier) shatter(v uint64, reason uint32, who Person) bool {
	failpoint.Hit("barrier: breaking")
	b.write(v, reason, who)
	failpoint.Hit("barrier: told why")
	if !b.state.CompareAndSwap(v, v&^barrierWaited|barrierBroken) {
		b.unwrite(v) // the turn may have been passed
		return false
	}
	failpoint.Hit("barrier: broken")
	return true
}

// write writes the record of a break that is to come. What it overwrites is of a break eight resets ago: see ended.
func (b *Barrier) write(v uint64, reason uint32, who Person) {
	r := b.record(v)
	r.Turn.Store(0)
	r.Reason, r.ID, r.PID, r.At = reason, who.ID, who.PID, time.Now().UnixNano()
	r.Name = [len(r.Name)]byte{}
	copy(r.Name[:], who.Name)
	r.Turn.Store(uint32(v&barrierTurns | barrierBroken))
}

func (b *Barrier) unwrite(v uint64) { b.record(v).Turn.Store(0) }

func (b *Barrier) wakeAll(me *Attendant) { me.Park.Wake(b.turn(), park.All) }

// Abort breaks the barrier, unless it is broken.
func (b *Barrier) Abort(me *Attendant) { b.Break(me, Aborted, me.Who()) }

// Break is Abort for a reason, and in the name of another.
func (b *Barrier) Break(me *Attendant, reason uint32, who Person) {
	b.hold(me)
	defer b.release(me)
	b.breakAny(reason, who)
	b.wakeAll(me)
}

func (b *Barrier) breakAny(reason uint32, who Person) {
	for v := b.state.Load(); v&barrierBroken == 0 && !b.shatter(v, reason, who); {
		v = b.state.Load()
	}
}

// Reset makes the barrier whole and empty. Who waits at it gets the error.
func (b *Barrier) Reset(me *Attendant) {
	b.hold(me)
	defer b.release(me)
	for {
		v := b.state.Load()
		if v&(barrierBroken|barrierArrived) == 0 {
			return // nobody waits, and nothing is broken
		}
		if v&barrierBroken != 0 || b.shatter(v, WasReset, me.Who()) {
			b.mend()
			b.wakeAll(me)
			return
		}
	}
}

// mend ends a broken turn. The lock is held, and nobody else moves a broken barrier.
func (b *Barrier) mend() {
	failpoint.Hit("barrier: mending")
	b.resets.Add(1) // first: who sees the new turn has to ask how the old one ended
	v := b.state.Load()
	b.state.Store((v+barrierReset)&barrierResets | nextTurn(v)&barrierTurns)
	failpoint.Hit("barrier: mended")
}
