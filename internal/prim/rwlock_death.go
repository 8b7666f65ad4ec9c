package prim

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Died takes out of the lock what a process had that is gone, and wakes all sleepers: one of them may have been
// woken by the dead. s is the caller's side, but that Slot is the slot of the dead. A dead reader has written nothing and
// just leaves. A writer that drained, or was about to leave, frees the word; one that was in abandons it, unless
// release is set. before is called before that is published. The caller has the proof of death, and no other caller is
// at it now.
func (l *RWLock) Died(s *RWSide, id uint32, release bool, before func()) {
	mine := &s.Readers[s.Slot]
	mine.Store(0)
	failpoint.Hit("sweep: reader gone")
	l.writerDied(id, release, before)
	l.writer.woken.Store(0)
	s.Parker.Wake(&l.writer.word, park.All)
	l.nextTurn(s)
	s.Parker.Wake(mine, park.All)
	if l.letting.CompareAndSwap(1, 0) {
		s.Parker.Wake(&l.letting, park.All)
	}
}

func (l *RWLock) writerDied(id uint32, release bool, before func()) {
	for {
		v := l.writer.word.Load()
		if v&idMask != id<<idShift || v&abandoned != 0 {
			return
		}
		next := v & waiters
		if v&consistent == 0 {
			before()
			if !release {
				next = v | abandoned
			}
		} else {
			l.letting.Store(0) // the dead's
		}
		failpoint.Hit("sweep: rwlock")
		if l.writer.word.CompareAndSwap(v, next) {
			return
		}
	}
}

// nextTurn has all readers that sleep look again, and be counted again: how many of the late ones were the dead's nobody knows.
// Only who holds the word opens the gate.
func (l *RWLock) nextTurn(s *RWSide) {
	g := l.gate.Load()
	for !l.gate.CompareAndSwap(g, g&^gateLate+1<<gateShift) {
		g = l.gate.Load()
	}
	s.Parker.Wake(&l.gate, park.All)
}

// Recover is Lock for one who can mend: it takes an abandoned lock over too, and tells that it did. There is
// nobody to drain then: the dead had done that, and nobody has passed since.
func (l *RWLock) Recover(ctx context.Context, s *RWSide) (mend bool, err error) {
	for {
		err := l.Lock(ctx, s, GotNothing)
		if err != ErrAbandoned {
			return false, err
		}
		v := l.writer.word.Load()
		if v&abandoned != 0 && l.writer.word.CompareAndSwap(v, s.Me|v&waiters) {
			failpoint.Hit("rwlock: taken over")
			return true, nil
		}
	}
}

// Abandon gives a lock that is held for writing up as torn: the mending has failed.
func (l *RWLock) Abandon(s *RWSide) {
	l.writer.Abandon(s.Me, s.Parker)
	l.nextTurn(s)
}
