package prim

import (
	"errors"
	"testing"
)

func TestRWLockDeaths(t *testing.T) {
	none := func(*testing.T, *rig, *RWSide) {}
	inside := func(t *testing.T, r *rig, s *RWSide) { r.must(t, r.lock(background, s)) }
	reading := func(t *testing.T, r *rig, s *RWSide) { r.must(t, r.rlock(background, s)) }
	word := func(_ *testing.T, r *rig, s *RWSide) { r.writer.TryLock(s.Me | consistent) }
	for _, c := range []struct {
		name    string
		before  func(*testing.T, *rig, *RWSide)
		release bool
		want    error
		told    int
	}{
		{"of one that had nothing", none, false, nil, 0},
		{"of a reader", reading, false, nil, 0},
		{"of a writer that drained", word, false, nil, 0},
		{"of a writer", inside, false, ErrAbandoned, 1},
		{"of a writer of a lock that is released", inside, true, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := new(rig)
			a, b := r.side(0), r.side(1)
			c.before(t, r, a)
			told := 0
			grave := *b
			grave.Slot = a.Slot
			for range 2 { // a sweep may be done again
				r.Died(&grave, a.Me>>idShift, c.release, func() { told++ })
			}
			if told != c.told {
				t.Errorf("told %d times", told)
			}
			err := r.rlock(background, b)
			if !errors.Is(err, c.want) {
				t.Errorf("a reader: %v", err)
			}
			if err == nil {
				r.runlock(t, b)
			}
			err = r.lock(background, b)
			if !errors.Is(err, c.want) {
				t.Errorf("a writer: %v", err)
			}
			if err != nil {
				mend, err := r.Recover(background, b)
				r.must(t, err)
				if !mend {
					t.Error("nothing to mend")
				}
			}
			r.unlock(t, b)
		})
	}
}

// Everybody who sleeps in a lock is told of its holder's death.
func TestADeathWakesAllSleepers(t *testing.T) {
	r := new(rig)
	a, b, c := r.side(0), r.side(1), r.side(2)
	r.must(t, r.lock(background, a))
	out := make(chan error, 4)
	for range 2 {
		go func() { out <- r.lock(background, b) }()
		go func() { out <- r.rlock(background, c) }()
	}
	await(t, "the readers wait", func() bool { return r.lateReaders() == 2 })
	grave := *b
	grave.Slot = a.Slot
	r.Died(&grave, a.Me>>idShift, false, func() {})
	for range 4 {
		if err := <-out; !errors.Is(err, ErrAbandoned) {
			t.Errorf("got %v", err)
		}
	}
}

// A death of the reader that a writer waits for wakes the writer, and forgets who was late.
func TestAReadersDeathWakesTheWriter(t *testing.T) {
	r := new(rig)
	a, b := r.side(0), r.side(1)
	r.must(t, r.rlock(background, a))
	out := make(chan error)
	go func() { out <- r.lock(background, b) }()
	await(t, "the writer sleeps on the count", func() bool { return r.counts[0].Load() == 1|drained })
	if _, ok := r.announce(r.gate.Load()); !ok {
		t.Fatal("not announced")
	}
	grave := *b
	grave.Slot = a.Slot
	r.Died(&grave, a.Me>>idShift, false, func() {})
	r.must(t, <-out)
	if r.lateReaders() != 0 {
		t.Error("a dead reader is late")
	}
	r.unlock(t, b)
}

func TestAbandonTellsReaders(t *testing.T) {
	r := new(rig)
	a, b := r.side(0), r.side(1)
	r.must(t, r.lock(background, a))
	out := make(chan error)
	go func() { out <- r.rlock(background, b) }()
	await(t, "the reader waits", func() bool { return r.lateReaders() == 1 && r.writer.Waited() })
	r.Abandon(a)
	if err := <-out; !errors.Is(err, ErrAbandoned) {
		t.Errorf("got %v", err)
	}
}
