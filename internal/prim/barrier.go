package prim

import (
	"context"
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// The state of a barrier.
//
//	bit  0       broken
//	bit  1       W  somebody may sleep
//	bits 2–31    turn: how often the barrier was passed or reset, modulo 2³⁰
//	bits 32–51   arrived
//	bits 52–63   resets, modulo 2¹²
//
// The low half is the word that waiters sleep on.
const (
	barrierBroken  uint64 = 1 << 0
	barrierWaited  uint64 = 1 << 1
	barrierTurn    uint64 = 1 << 2
	barrierTurns   uint64 = 1<<32 - barrierTurn
	barrierArrival uint64 = 1 << 32
	barrierArrived uint64 = 1<<52 - barrierArrival
	barrierReset   uint64 = 1 << 52
	barrierResets  uint64 = ^(barrierReset - 1)
)

// MostParties is how many a barrier can be made for.
const MostParties = int(barrierArrived / barrierArrival)

// Barrier is the state of a barrier. It is made by Init.
//
//	filling  turn, arrived < parties  an arrival adds 1; the last one moves on, or acts
//	acting   turn, arrived = parties  the last to arrive runs the action; newcomers wait for the next turn
//	passed   turn+1, arrived 0        filling again: who came in an earlier turn goes on
//	broken   turn, broken             everybody gets the error; only a reset moves it, to turn+1, resets+1
//
// Who moves it: each by one CAS of the whole state, which is its commit. An arrival, and the end of the action, need
// nothing else; who breaks or resets holds lock and writes breaks.
//
// A waiter's turn has ended when the state has another one. It was passed, unless the barrier was reset since and the
// record of the break that this reset has ended names the turn: breaks[n mod 8] is of the break before reset n+1. Who
// is so late that eight resets have come meanwhile cannot know any more, and is told that the barrier was reset.
//
// W is set by who is about to sleep, and taken away by what ends the turn, which wakes all of it. A waiter of
// an ended turn that is still asleep, because who was to wake it has died or is stopped, is made good by Died or by the
// parker's tick: the word is not what it waits for. Nobody's wake-up is handed on, as each goes to all.
//
// Each process has a seat: how many of its goroutines are in Wait, and whether it is a party. It is changed before
// the arrival and after the end of the wait, so that Died, which reads it, may find a process waiting that has not
// arrived yet, or has been let go already, and never the other way.
type Barrier struct {
	_       structs.HostLayout
	state   atomic.Uint64
	lock    Lock          // who breaks, resets, or reads breaks; always consistent (C)
	parties uint32        // written once
	resets  atomic.Uint64 // all that were begun: counted before the state says so
	_       [32]byte
	breaks  [barrierBreaks]Break
}

// arrival is when somebody came: the state, and before it resets.
type arrival struct{ state, resets uint64 }

// A seat.
const (
	seatParty  uint32 = 1 << 31
	seatInside uint32 = 1<<31 - 1
)

// Attendant is a process at a barrier, from its own side.
type Attendant struct {
	Seat *atomic.Uint32
	Who  func() Person
	ID   uint32
	Park park.Parker
	Spin *park.Spin
}

// Init makes a barrier of zeros one for so many parties.
func (b *Barrier) Init(parties int) { b.parties = uint32(parties) }

// Parties is how many have to arrive.
func (b *Barrier) Parties() int { return int(b.parties) }

// Arrived is how many have arrived; 0 if the barrier is broken.
func (b *Barrier) Arrived() int {
	v := b.state.Load()
	if v&barrierBroken != 0 {
		return 0
	}
	return arrived(v)
}

// Broken tells whether the barrier is broken.
func (b *Barrier) Broken() bool { return b.state.Load()&barrierBroken != 0 }

func arrived(v uint64) int { return int(v & barrierArrived / barrierArrival) }

func sameBarrierTurn(v, w uint64) bool { return (v^w)&barrierTurns == 0 }

// nextTurn is v passed: nobody has arrived yet, nobody sleeps.
func nextTurn(v uint64) uint64 { return v&barrierResets | (v+barrierTurn)&barrierTurns }

// unturned says that the turn goes on, and is not broken. Its arguments are low halves.
func unturned(now, seen uint32) bool {
	return uint64(now)&barrierBroken == 0 && sameBarrierTurn(uint64(now), uint64(seen))
}

// Wait arrives, and waits until all parties have. It returns the number of those who came before, and nil once
// the turn is passed; the number means nothing if it was broken. action is run by the last to arrive, before anybody
// goes on; nil is none. If ctx ends first the barrier is broken for all; a turn that is passed wins.
func (b *Barrier) Wait(ctx context.Context, me *Attendant, action func() error) (int, *Broken) {
	if me.Seat.Add(1)&seatParty == 0 {
		me.Seat.Or(seatParty)
	}
	defer me.rise()
	failpoint.Hit("barrier: seated")
	for {
		resets := b.resets.Load()
		v := b.state.Load()
		n, came := arrived(v), arrival{v, resets}
		switch {
		case v&barrierBroken != 0:
			if broken := b.brokenNow(me); broken != nil {
				return 0, broken
			}
		case n == int(b.parties): // another runs the action: it is the next turn that we want
			if err := b.await(ctx, v, me); err != nil {
				if broken := b.giveUp(came, me, Cancelled, err); broken != nil {
					return 0, broken
				}
			}
		case n+1 == int(b.parties) && action == nil:
			if b.pass(v, me) {
				return n, nil
			}
		case b.state.CompareAndSwap(v, v+barrierArrival):
			failpoint.Hit("barrier: arrived")
			if n+1 == int(b.parties) {
				return n, b.act(came, me, action)
			}
			return n, b.sleep(ctx, came, me)
		}
	}
}

func (me *Attendant) rise() {
	failpoint.Hit("barrier: rising")
	me.Seat.Add(^uint32(0))
}

// pass ends the turn, if the state is still v, and lets all go on.
func (b *Barrier) pass(v uint64, me *Attendant) bool {
	failpoint.Hit("barrier: passing")
	if !b.state.CompareAndSwap(v, nextTurn(v)) {
		return false
	}
	failpoint.Hit("barrier: passed")
	if v&barrierWaited != 0 {
		me.Park.Wake(b.turn(), park.All)
	}
	return true
}

// act runs the action and passes. A panic, or a Goexit, breaks the barrier and goes on.
func (b *Barrier) act(came arrival, me *Attendant, action func() error) *Broken {
	returned := false
	defer func() {
		if !returned {
			b.giveUp(came, me, ActionFailed, nil)
		}
	}()
	err := action()
	returned = true
	failpoint.Hit("barrier: acted")
	if err != nil {
		return b.giveUp(came, me, ActionFailed, err)
	}
	for {
		v := b.state.Load()
		if v&barrierBroken != 0 || !sameBarrierTurn(v, came.state) {
			return b.verdict(came, me)
		}
		if b.pass(v, me) { // fails if a newcomer has set W
			return nil
		}
	}
}

// sleep waits for the end of the turn in which we have arrived.
func (b *Barrier) sleep(ctx context.Context, came arrival, me *Attendant) *Broken {
	if err := b.await(ctx, came.state, me); err != nil {
		return b.giveUp(came, me, Cancelled, err)
	}
	return b.verdict(came, me)
}

// await sleeps until the turn has ended, in whatever way, or ctx.
func (b *Barrier) await(ctx context.Context, came uint64, me *Attendant) error {
	seen := uint32(came)
	if park.Running(b.Parties()-1-arrived(came)) && me.Spin.Until(b.turn(), seen, unturned) {
		return nil
	}
	for {
		v := b.state.Load()
		switch {
		case !unturned(uint32(v), seen):
			return nil
		case v&barrierWaited == 0 && !b.state.CompareAndSwap(v, v|barrierWaited):
			continue
		}
		failpoint.Hit("barrier: waiter announced")
		err := me.Park.Park(ctx, b.turn(), seen, unturned)
		failpoint.Hit("barrier: woken")
		if err != nil {
			return err // giveUp looks whether the turn has ended
		}
	}
}
