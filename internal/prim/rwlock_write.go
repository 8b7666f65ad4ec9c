package prim

import (
	"context"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// TryLock takes the lock for writing if it is free, or returns ErrAbandoned. It does not wait for readers that
// are late: their turn ends.
func (l *RWLock) TryLock(s *RWSide) (bool, error) {
	if _, some := s.Reader(l); some && l.writer.word.Load()&abandoned == 0 {
		return false, nil // before the word is taken, and everybody who comes has to wait
	}
	if !l.writer.TryLock(s.Me | consistent) {
		if ok, err := l.writer.TryLockSlow(s.Me | consistent); !ok {
			return false, err
		}
	}
	failpoint.Hit("rwlock: word taken")
	l.shut()
	if _, some := s.Reader(l); some {
		l.release(s)
		return false, nil
	}
	l.enter()
	return true, nil
}

// What LockFast has got.
const (
	GotNothing = iota
	GotWord    // and there may be readers
	GotLock
)

// LockFast takes the lock for writing if nobody has it, in the usual case; else Lock must follow.
func (l *RWLock) LockFast(me uint32, readers []atomic.Uint32) int {
	if !l.writer.TryLock(me | consistent) {
		return GotNothing
	}
	if l.gate.Load()&(gateOpen|gateLate) != 0 {
		return GotWord
	}
	for i := range readers[:l.highest.Load()+1] {
		if readers[i].Load() != 0 {
			return GotWord
		}
	}
	l.enter()
	return GotLock
}

// Lock goes on where LockFast has got less than the lock, waiting if it must. It returns nil holding it;
// ErrAbandoned, or ctx's error, without. If the lock is free the end of ctx does not matter: success wins.
func (l *RWLock) Lock(ctx context.Context, s *RWSide, got int) error {
	if got == GotNothing {
		if err := l.writer.LockSlow(ctx, s.Me|consistent, s.Parker, s.Spin); err != nil {
			return err
		}
	}
	failpoint.Hit("rwlock: word taken")
	if err := l.drain(ctx, s); err != nil {
		failpoint.Hit("rwlock: giving up")
		l.release(s)
		return err
	}
	l.enter()
	return nil
}

// drain waits until no reader is inside.
func (l *RWLock) drain(ctx context.Context, s *RWSide) error {
	if err := l.letIn(ctx, s); err != nil {
		return err
	}
	readers := s.Readers[:l.highest.Load()+1] // read after the word is taken: who raises it later has to wait
	for i := range readers {
		if err := l.drainSlot(ctx, s, &readers[i]); err != nil {
			return err
		}
	}
	return nil
}

// enter: from here on a death abandons.
func (l *RWLock) enter() {
	failpoint.Hit("rwlock: drained")
	l.writer.word.And(^consistent)
	failpoint.Hit("rwlock: inside")
}

// shut ends the readers' turn, or if there is none makes our unlock give one to those who wait.
func (l *RWLock) shut() {
	for {
		g := l.gate.Load()
		switch {
		case g&(gateOpen|gateLate) == 0:
			return
		case g&gateOpen == 0:
			l.writer.word.Or(waiters)
			return
		case l.gate.CompareAndSwap(g, g&^(gateOpen|gateLate)):
			failpoint.Hit("rwlock: shut")
			return
		}
	}
}

// letIn lets the late ones in and shuts the gate behind them.
func (l *RWLock) letIn(ctx context.Context, s *RWSide) error {
	if g := l.gate.Load(); g&gateOpen != 0 && late(g, g) && !s.Spin.Until(&l.gate, g, late) {
		if err := l.awaitLate(ctx, s); err != nil {
			return err
		}
	}
	l.shut()
	return nil
}

// awaitLate sleeps until the late ones are in, for turnTime at most.
func (l *RWLock) awaitLate(ctx context.Context, s *RWSide) error {
	short, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	defer l.letting.Store(0)
	for {
		l.letting.Store(1)
		failpoint.Hit("rwlock: waiting for the late")
		if !late(l.gate.Load(), 0) {
			return nil
		}
		if s.Parker.Park(short, &l.letting, 1, park.Same) != nil {
			return ctx.Err() // nil if only the time is over
		}
	}
}

// drainSlot waits until it has seen a count of 0.
func (l *RWLock) drainSlot(ctx context.Context, s *RWSide, count *atomic.Uint32) error {
	for {
		n := count.Load()
		if !counted(n, n) || s.Spin.Until(count, n, counted) {
			return nil
		}
		if !count.CompareAndSwap(n, n|drained) {
			continue
		}
		failpoint.Hit("rwlock: draining")
		err := s.Parker.Park(ctx, count, n|drained, counted)
		failpoint.Hit("rwlock: writer woken")
		if err != nil {
			return err
		}
	}
}

// Unlock leaves the lock if nobody waits for it. It inlines: one CAS. Otherwise, and for a misuse, UnlockSlow.
func (l *RWLock) Unlock(me uint32) bool { return l.writer.Unlock(me) }

// UnlockSlow leaves the lock and wakes who waits, or says why the caller cannot: nothing is damaged then.
func (l *RWLock) UnlockSlow(s *RWSide) error {
	for {
		v := l.writer.word.Load()
		switch {
		case v&^waiters == s.Me:
		case v&idMask == s.Me&idMask && v&abandoned == 0, v&idMask == 0:
			return ErrNotHeld // in the first case another goroutine here wants it
		default:
			return ErrNotHolder
		}
		failpoint.Hit("rwlock: leaving")
		if l.writer.word.CompareAndSwap(v, v|consistent) {
			l.release(s)
			return nil
		}
	}
}

// release opens the gate and frees the word, which we hold with C. The gate opens first, and even if nobody is late: a
// reader either is counted before and finds itself let in, or sees the gate open. Were the word free first, one could
// fall asleep between, and it would take us to wake it, who may be stopped.
func (l *RWLock) release(s *RWSide) {
	l.openGate(s)
	_ = l.writer.UnlockSlow(s.Me|consistent, s.Parker) // we hold it
}

// openGate begins a turn, unless one is still going on: those who are late for it would not be taken off any more.
func (l *RWLock) openGate(s *RWSide) {
	for {
		g := l.gate.Load()
		if g&gateOpen != 0 {
			return
		}
		if !l.gate.CompareAndSwap(g, g+1<<gateShift|gateOpen) {
			continue
		}
		failpoint.Hit("rwlock: opened")
		if late(g, 0) {
			s.Parker.Wake(&l.gate, park.All)
		}
		return
	}
}
