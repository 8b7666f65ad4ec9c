package prim

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/multiproc/mp/internal/park"
)

// newAttendants is a barrier, and so many processes at it, with ids from 1 on.
func newAttendants(parties, n int) (*Barrier, []*Attendant) {
	b, parker := new(Barrier), new(park.Local)
	b.Init(parties)
	all := make([]*Attendant, n)
	for i := range all {
		me := Person{ID: uint32(i + 1), PID: uint32(1000 + i), Name: string(rune('a' + i))}
		all[i] = &Attendant{ID: me.ID, Seat: new(atomic.Uint32), Park: parker, Spin: new(park.Spin), Who: func() Person { return me }}
	}
	return b, all
}

// A break that comes too late is not told of: the turn was passed, and who is asked how it ended says so.
func TestBreakThatComesTooLate(t *testing.T) {
	b, who := newAttendants(1, 2)
	v := b.state.Load()
	came := arrival{v, b.resets.Load()}
	if _, broken := b.Wait(context.Background(), who[0], nil); broken != nil {
		t.Fatal(broken)
	}
	b.hold(who[1])
	if b.shatter(v, Aborted, who[1].Who()) {
		t.Fatal("a turn that was passed is broken")
	}
	if broken := b.ended(came, nil); broken != nil {
		t.Errorf("who came in that turn is told %+v", broken)
	}
	b.release(who[1])
}

// Killed under the lock, a process has broken the barrier and said why, or done neither; and what it had begun to reset is
// whole.
func TestBarrierDiedWithTheLock(t *testing.T) {
	for _, c := range []struct {
		name   string
		reason uint32
		broken bool   // the break was made
		resets int    // how often mend has counted
		told   uint32 // what who waited is told; 0: that the turn was passed
	}{
		{name: "before the break", reason: Aborted},
		{name: "after the break", reason: Aborted, broken: true, told: Aborted},
		{name: "in a reset, before the break", reason: WasReset},
		{name: "in a reset, after the break", reason: WasReset, broken: true, told: WasReset},
		{name: "in a reset, counted", reason: WasReset, broken: true, resets: 1, told: WasReset},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, who := newAttendants(2, 2)
			v := barrierArrival
			b.state.Store(v)
			b.hold(who[0])
			b.write(v, c.reason, who[0].Who())
			if c.broken {
				b.state.Store(v | barrierBroken)
			}
			b.resets.Add(uint64(c.resets))
			for range 2 {
				b.FreeLock(1, who[1].Park)
			}
			b.hold(who[1]) // hangs if it is not free
			defer b.release(who[1])
			if !c.broken {
				b.state.Store(nextTurn(v)) // the other has come
			}
			told := Broken{}
			if broken := b.ended(arrival{state: v}, nil); broken != nil {
				told = *broken
			}
			if b.Broken() != (c.told == Aborted) || told.Reason != c.told || told.Reason != 0 && told.Who.Name != "a" {
				t.Errorf("broken: %v; who waited is told %+v", b.Broken(), told)
			}
		})
	}
}

// A death breaks the barrier once, whoever sweeps and how often, also if it was mended in between.
func TestBarrierDiedOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		seat   uint32
		clean  bool
		breaks bool
	}{
		{"a party", seatParty, false, true},
		{"a party that ended well", seatParty, true, false},
		{"one in Wait", 1, true, true},
		{"a stranger", 0, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, who := newAttendants(2, 2)
			who[0].Seat.Store(c.seat)
			dead := func() {
				b.Died(who[0].Who(), who[0].Seat, c.clean, who[1], func(*Lock) { b.hold(who[1]) })
			}
			dead()
			if b.Broken() != c.breaks || who[0].Seat.Load() != 0 {
				t.Errorf("broken: %v, expected %v; seat %x", b.Broken(), c.breaks, who[0].Seat.Load())
			}
			b.Reset(who[1])
			who[0].Seat.Store(c.seat) // the first sweeper did not come so far as to empty it
			dead()
			if c.breaks && b.Broken() {
				t.Error("broken a second time by one death")
			}
		})
	}
}
