package inspect

import (
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

func barrier(t *testing.T, a *arena.Arena, parties int) (*arena.BarrierState, prim.Attendant) {
	t.Helper()
	o, _, err := a.NewObject(arena.ObjectSpec{Kind: arena.KindBarrier, Name: "meeting", Type: "mp.Barrier", Size: barrierSize})
	if err != nil {
		t.Fatal(err)
	}
	s := arena.PayloadOf[arena.BarrierState](o)
	s.Barrier.Init(parties)
	return s, a.PartyOf(s)
}

func TestSnapshotOfEvents(t *testing.T) {
	a := kin(t, "kin")
	o, _, err := a.NewObject(arena.ObjectSpec{Kind: arena.KindEvent, Name: "ready", Type: "mp.Event", Size: eventSize})
	if err != nil {
		t.Fatal(err)
	}
	if e := find(t, snapshot(t, a), "ready").Event; e == nil || *e != (Event{}) || e.String() != "cleared" {
		t.Errorf("cleared: %+v", e)
	}
	arena.PayloadOf[arena.EventState](o).Event.Set(a.Parker())
	if e := find(t, snapshot(t, a), "ready").Event; !e.Set || e.Waited || e.String() != "set" {
		t.Errorf("set: %+v", e)
	}
}

func TestSnapshotOfBarriers(t *testing.T) {
	a := sleepers(t, "kin")
	s, me := barrier(t, a, 2)
	done := make(chan *prim.Broken)
	go func() {
		_, broken := s.Barrier.Wait(t.Context(), &me, nil)
		done <- broken
	}()
	for s.Barrier.Arrived() == 0 {
	}
	w := watch(t, a)
	clean(t, w)
	b := find(t, snapshot(t, a), "meeting").Barrier
	if b.State != "filling" || b.Parties != 2 || b.Arrived != 1 || len(b.Members) != 1 || b.Members[0].Waiting != 1 || !b.Members[0].Party || b.Members[0].ID != a.Me() {
		t.Errorf("%+v", b)
	}
	if got := b.String(); got != "1 of 2 have come" {
		t.Error(got)
	}
	s.Barrier.Abort(&me)
	if broken := <-done; broken == nil || broken.Reason != prim.Aborted {
		t.Errorf("%+v", broken)
	}
	clean(t, w)
	b = find(t, snapshot(t, a), "meeting").Barrier
	if b.State != "broken" || b.Break == nil || b.Break.ID != a.Me() || b.Break.Reason != "aborted" || time.Since(b.Break.At) > time.Minute {
		t.Errorf("%+v %+v", b, b.Break)
	}
	if got := b.String(); !strings.HasPrefix(got, "broken: aborted, MainProcess (pid ") {
		t.Error(got)
	}
}

func TestCheckOfBarriers(t *testing.T) {
	for what, spoil := range map[string]func(s *arena.BarrierState){
		"parties":                 func(s *arena.BarrierState) { s.Barrier.Init(-1) },
		"seats: expected proces":  func(s *arena.BarrierState) { s.Seats[77].Store(1) },
		"arrived: expected at mo": func(s *arena.BarrierState) { s.Barrier.Init(1); s.Seats[0].Store(0) },
	} {
		a := sleepers(t, "kin")
		s, me := barrier(t, a, 3)
		for range 2 {
			go s.Barrier.Wait(t.Context(), &me, nil)
		}
		for s.Barrier.Arrived() < 2 {
		}
		spoil(s)
		w := watch(t, a)
		w.pauses = []time.Duration{time.Millisecond}
		if found := w.Check(); len(found) != 1 || !strings.Contains(found[0].String(), what) {
			t.Errorf("%s: %v", what, found)
		}
		s.Barrier.Init(3)
		s.Barrier.Abort(&me)
	}
}
