package prim

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/park"
)

// A rig is an RWLock and the sides of a few processes, all on the heap.
type rig struct {
	RWLock
	counts [4]atomic.Uint32
	spin   park.Spin
}

func (r *rig) side(slot uint32) *RWSide {
	r.Enter(slot)
	return &RWSide{Me: Holder(slot+1, true), Slot: slot, Readers: r.counts[:], Parker: &park.Heap, Spin: &r.spin}
}

func (r *rig) lock(ctx context.Context, s *RWSide) error {
	if got := r.LockFast(s.Me, s.Readers); got != GotLock {
		return r.Lock(ctx, s, got)
	}
	return nil
}

func (r *rig) unlock(t *testing.T, s *RWSide) {
	t.Helper()
	if r.Unlock(s.Me) {
		return
	}
	if err := r.UnlockSlow(s); err != nil {
		t.Error(err)
	}
}

func (r *rig) rlock(ctx context.Context, s *RWSide) error {
	if s.Readers[s.Slot].Add(1); r.Word().Load() > Open {
		return r.RLockSlow(ctx, s)
	}
	return nil
}

func (r *rig) runlock(t *testing.T, s *RWSide) {
	t.Helper()
	if LastOut(&s.Readers[s.Slot]) {
		return
	}
	if err := r.RUnlockSlow(s); err != nil {
		t.Error(err)
	}
}

func (r *rig) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// await waits until something is so that will be.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); runtime.Gosched() {
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("not yet after 10 s: %s", what)
		}
	}
}

func (r *rig) lateReaders() uint32 { return r.gate.Load() & gateLate / gateOne }

// Readers that wait for a writer go before the next writer, however many there are and whoever wakes first.
func TestReadersThatWaitedGoBeforeTheNextWriter(t *testing.T) {
	for range 100 {
		r := new(rig)
		a, b, c := r.side(0), r.side(1), r.side(2)
		r.must(t, r.lock(background, a))
		const readers, writers = 3, 2
		order := make(chan string, readers+writers)
		for range writers {
			go func() {
				r.must(t, r.lock(background, b))
				order <- "writer"
				r.unlock(t, b)
			}()
		}
		for range readers {
			go func() {
				r.must(t, r.rlock(background, c))
				order <- "reader"
				r.runlock(t, c)
			}()
		}
		await(t, "the readers wait", func() bool { return r.lateReaders() == readers && r.writer.Waited() })
		begin := time.Now()
		r.unlock(t, a)
		for i := range readers + writers {
			if who := <-order; (who == "reader") != (i < readers) && time.Since(begin) < turnTime {
				t.Fatalf("number %d is a %s", i, who)
			}
		}
		if r.lateReaders() != 0 {
			t.Error("somebody is still counted as late")
		}
	}
}

// stuckParker is the parker of a process that is stopped once it sleeps.
type stuckParker struct{ stuck chan struct{} }

func (p stuckParker) Park(context.Context, *atomic.Uint32, uint32, park.Blocked) error {
	<-p.stuck
	return nil
}

func (p stuckParker) ParkAgain(ctx context.Context, w *atomic.Uint32, seen uint32, b park.Blocked) error {
	return p.Park(ctx, w, seen, b)
}

func (p stuckParker) Wake(w *atomic.Uint32, n int) park.Woke { return park.Heap.Wake(w, n) }

// A stopped process that waits as a reader costs the next writer turnTime, and the one after it nothing.
func TestAStoppedReaderCostsOneTurn(t *testing.T) {
	r := new(rig)
	a, b, c := r.side(0), r.side(1), r.side(2)
	p := stuckParker{make(chan struct{})}
	b.Parker = p
	r.must(t, r.lock(background, a))
	in := make(chan error)
	go func() { in <- r.rlock(background, b) }()
	await(t, "the reader sleeps", func() bool { return r.lateReaders() == 1 && r.writer.Waited() })
	r.unlock(t, a)

	begin := time.Now()
	r.must(t, r.lock(background, c))
	if took := time.Since(begin); took < turnTime {
		t.Errorf("the writer waited %v, and not %v for the reader", took, turnTime)
	}
	if r.lateReaders() != 0 || r.gate.Load()&gateOpen != 0 {
		t.Errorf("the gate is %#x", r.gate.Load())
	}
	r.unlock(t, c)
	r.must(t, r.lock(background, c))
	if r.gate.Load()&gateOpen != 0 {
		t.Error("the gate is open")
	}
	close(p.stuck) // the process goes on while there is a writer: it has to wait again
	await(t, "the reader waits anew", func() bool { return r.lateReaders() == 1 })
	r.unlock(t, c)
	r.must(t, <-in)
	r.runlock(t, b)
}

// A writer whose context ends while it lets the late ones in, or while it drains, leaves nothing behind.
func TestACancelledWriterFreesTheWord(t *testing.T) {
	r := new(rig)
	a, b := r.side(0), r.side(1)
	r.must(t, r.rlock(background, a))
	ctx, cancel := context.WithCancel(background)
	out := make(chan error)
	go func() { out <- r.lock(ctx, b) }()
	await(t, "the writer sleeps on the count", func() bool { return r.counts[0].Load() == 1|drained })
	cancel()
	if err := <-out; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	r.must(t, r.rlock(background, a))
	r.runlock(t, a)
	r.runlock(t, a)
	if r.counts[0].Load() != 0 || r.writer.word.Load()&^waiters != 0 {
		t.Errorf("count %#x, word %#x", r.counts[0].Load(), r.writer.word.Load())
	}
}

func TestUnlockOfALockThatAnotherGoroutineWants(t *testing.T) {
	r := new(rig)
	a, b := r.side(0), r.side(1)
	r.must(t, r.rlock(background, b))
	in := make(chan error)
	go func() { in <- r.lock(background, a) }()
	await(t, "the writer drains", func() bool { return r.counts[1].Load()&drained != 0 })
	if err := r.UnlockSlow(a); !errors.Is(err, ErrNotHeld) {
		t.Errorf("in the same process: %v", err)
	}
	if err := r.UnlockSlow(b); !errors.Is(err, ErrNotHolder) {
		t.Errorf("in another process: %v", err)
	}
	r.runlock(t, b)
	r.must(t, <-in)
	if r.tryRLock(t, b) {
		t.Error("a reader is inside with the writer")
	}
	r.unlock(t, a)
}

// tryRLock is TryRLock without an error.
func (r *rig) tryRLock(t *testing.T, s *RWSide) bool {
	t.Helper()
	ok, err := r.TryRLock(s)
	r.must(t, err)
	return ok
}

// patientParker sleeps on one word until it is woken, whatever the time.
type patientParker struct {
	park.Parker
	word *atomic.Uint32
}

func (p patientParker) Park(ctx context.Context, w *atomic.Uint32, seen uint32, blocked park.Blocked) error {
	if w == p.word {
		ctx = context.WithoutCancel(ctx)
	}
	return p.Parker.Park(ctx, w, seen, blocked)
}

// lateRig has a reader that is late, of slot 1, for a turn that has begun; it goes on when stuck is closed.
func lateRig(t *testing.T) (r *rig, stuck chan struct{}, in chan error) {
	t.Helper()
	r = new(rig)
	a, b := r.side(0), r.side(1)
	p := stuckParker{make(chan struct{})}
	b.Parker = p
	r.must(t, r.lock(background, a))
	in = make(chan error, 1)
	go func() { in <- r.rlock(background, b) }()
	await(t, "the reader sleeps", func() bool { return r.lateReaders() == 1 && r.writer.Waited() })
	r.unlock(t, a)
	return r, p.stuck, in
}

// The last that was late wakes the writer that waits for it; so does its death.
func TestTheLastLateOneWakesTheWriter(t *testing.T) {
	for _, dies := range []bool{false, true} {
		r, stuck, in := lateRig(t)
		c := r.side(2)
		c.Parker = patientParker{&park.Heap, &r.letting}
		out := make(chan error)
		go func() { out <- r.lock(background, c) }()
		await(t, "the writer waits", func() bool { return r.letting.Load() == 1 })
		if dies {
			grave := *r.side(3)
			grave.Slot = 1
			r.Died(&grave, 2, false, func() {})
		} else {
			close(stuck)
		}
		for range 2 {
			select {
			case err := <-in:
				r.must(t, err)
				r.runlock(t, r.side(1))
			case err := <-out:
				r.must(t, err)
				r.unlock(t, c)
				if dies {
					close(stuck) // it was another's
				}
			case <-time.After(10 * time.Second):
				t.Fatal("nobody wakes the writer")
			}
		}
		if r.lateReaders() != 0 {
			t.Error("somebody is late who was inside")
		}
	}
}

// A writer that gives up while readers are late for a turn leaves the turn as it is.
func TestAWriterThatGivesUpLeavesTheTurn(t *testing.T) {
	r, stuck, in := lateRig(t)
	c := r.side(2)
	ctx, cancel := context.WithCancel(background)
	cancel()
	before := r.gate.Load()
	if err := r.lock(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if now := r.gate.Load(); now != before {
		t.Errorf("the gate was %#x and is %#x", before, now)
	}
	close(stuck)
	r.must(t, <-in)
	if r.lateReaders() != 0 {
		t.Error("a reader that is inside is late")
	}
	r.runlock(t, r.side(1))
}

func TestACancelledReaderIsNotLate(t *testing.T) {
	r := new(rig)
	a, b := r.side(0), r.side(1)
	r.must(t, r.lock(background, a))
	ctx, cancel := context.WithCancel(background)
	out := make(chan error)
	go func() { out <- r.rlock(ctx, b) }()
	await(t, "the reader waits", func() bool { return r.lateReaders() == 1 })
	cancel()
	if err := <-out; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if r.lateReaders() != 0 {
		t.Error("it is still late")
	}
	r.unlock(t, a)
}

// A writer that finds late readers before the gate owes them a turn, though they have not told it of themselves yet.
func TestAWriterOwesATurnToThoseWhoWereThere(t *testing.T) {
	r := new(rig)
	a := r.side(0)
	if _, ok := r.announce(0); !ok {
		t.Fatal("not announced")
	}
	r.must(t, r.lock(background, a))
	if !r.writer.Waited() || r.Turn() {
		t.Errorf("word %#x, gate %#x", r.writer.word.Load(), r.gate.Load())
	}
	r.unlock(t, a)
	if !r.Turn() {
		t.Error("the unlock gave no turn")
	}
}

// The count of the late ones holds at its greatest value.
func TestManyLate(t *testing.T) {
	r := new(rig)
	s := r.side(0)
	r.gate.Store(gateLate)
	ticket, ok := r.announce(gateLate)
	if !ok || ticket != gateLate {
		t.Errorf("%#x, %v", ticket, ok)
	}
	r.giveBack(s, ticket, true)
	if g := r.gate.Load(); g != gateLate {
		t.Errorf("the gate is %#x: more are late than it says", g)
	}
}
