package prim

import (
	"context"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Open is the most that the writer's word is while it is free. A reader adds 1 to its process's count and looks at the
// word: if it is more than Open, RLockSlow must follow. The callers write that out themselves, or they would not inline.
const Open = waiters

// Word is the writer's word, for readers to look at.
func (l *RWLock) Word() *atomic.Uint32 { return &l.writer.word }

// TryRLock takes the lock for reading unless a writer has or wants it, or returns ErrAbandoned.
func (l *RWLock) TryRLock(s *RWSide) (bool, error) {
	if l.passes() { // first, so that those who try do not keep a writer from seeing a 0
		s.Readers[s.Slot].Add(1)
		failpoint.Hit("rwlock: reader counted")
		if l.passes() {
			return true, nil
		}
		_ = l.RUnlockSlow(s) // we are counted
	}
	if l.writer.word.Load()&abandoned != 0 {
		return false, ErrAbandoned
	}
	return false, nil
}

// RLockSlow goes on where RLock has failed. It returns nil inside; ErrAbandoned, or ctx's error, outside. If the
// lock can be had the end of ctx does not matter: success wins.
func (l *RWLock) RLockSlow(ctx context.Context, s *RWSide) error {
	failpoint.Hit("rwlock: reader counted")
	if l.passes() {
		return nil
	}
	_ = l.RUnlockSlow(s)            // we are counted
	ticket, has := uint32(0), false // the gate as it was when we were counted as late
	for {
		v, g := l.writer.word.Load(), l.gate.Load()
		switch {
		case v&abandoned != 0:
			l.giveBack(s, ticket, has)
			return ErrAbandoned
		case v&idMask == 0 || g&gateOpen != 0:
			s.Readers[s.Slot].Add(1)
			failpoint.Hit("rwlock: reader counted")
			if l.passes() {
				l.giveBack(s, ticket, has)
				return nil
			}
			_ = l.RUnlockSlow(s) // we are counted
			continue
		}
		if !has && s.Spin.Until(&l.writer.word, v, held) {
			continue
		}
		if !has || !sameTurn(g, ticket) {
			if ticket, has = l.announce(g); !has {
				continue
			}
		}
		if !l.tellWriter() {
			continue
		}
		err := s.Parker.Park(ctx, &l.gate, ticket, sameTurn)
		failpoint.Hit("rwlock: reader woken")
		if err != nil {
			l.giveBack(s, ticket, has)
			return err
		}
	}
}

// announce counts us as late. The count stays at its greatest value once it is there, until the turn is over.
func (l *RWLock) announce(g uint32) (ticket uint32, ok bool) {
	ticket = g
	if g&gateLate != gateLate {
		ticket += gateOne
	}
	ok = l.gate.CompareAndSwap(g, ticket)
	failpoint.Hit("rwlock: reader announced")
	return ticket, ok
}

// tellWriter puts W in the word of the writer that we wait for: it will open the gate.
func (l *RWLock) tellWriter() bool {
	v := l.writer.word.Load()
	ok := held(v, 0) && (v&waiters != 0 || l.writer.word.CompareAndSwap(v, v|waiters))
	failpoint.Hit("rwlock: writer told")
	return ok
}

// giveBack takes us off the late ones: we are inside, or leave. Of a turn that is over nothing is left.
func (l *RWLock) giveBack(s *RWSide, ticket uint32, has bool) {
	for has {
		g := l.gate.Load()
		ours := sameTurn(g, ticket) || g&gateOpen != 0 && sameTurn(g, ticket+1<<gateShift)
		if !ours || g&gateLate == 0 || g&gateLate == gateLate {
			return
		}
		if l.gate.CompareAndSwap(g, g-gateOne) {
			failpoint.Hit("rwlock: no longer late")
			if g&gateLate == gateOne && l.letting.CompareAndSwap(1, 0) {
				s.Parker.Wake(&l.letting, 1)
			}
			return
		}
	}
}

// LastOut takes the only reader of a process off, if no writer sleeps on it; else RUnlockSlow must follow. It inlines: one
// CAS, without a load before it, which would cost 5 ns right behind the addition that it has to wait for. No plain
// subtraction: of two goroutines that both unlock for one reader the second would take one off that is not there.
func LastOut(mine *atomic.Uint32) bool { return mine.CompareAndSwap(1, 0) }

// RUnlockSlow takes a reader off and wakes the writer that waits for the last. It returns ErrNotHeld if this process has
// no reader inside: nothing is damaged then.
func (l *RWLock) RUnlockSlow(s *RWSide) error {
	mine := &s.Readers[s.Slot]
	for {
		n := mine.Load()
		left := n - 1
		switch {
		case n&^drained == 0:
			return ErrNotHeld
		case left == drained:
			left = 0
		}
		failpoint.Hit("rwlock: reader leaving")
		if mine.CompareAndSwap(n, left) {
			failpoint.Hit("rwlock: reader left")
			if n-1 == drained {
				s.Parker.Wake(mine, park.All)
			}
			return nil
		}
	}
}
