package mp

import (
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// noHolder is in a lock word that no fast path can take or leave: it is no process's.
const noHolder = ^uint32(0)

// shutRLock is what the fast paths of one Holder of a traced lock try. They go on counting the levels beyond the first.
func shutRLock() *prim.RLock {
	l, p := new(prim.RLock), prim.NewParty(noHolder, noHolder)
	l.TryLock(&p)
	return l
}

// notALastOne is a count from which a fast RUnlock takes nothing.
const notALastOne = 1 << 31

// shutRWLock is what the fast paths of a traced lock try, and the count that its readers add to there.
func shutRWLock() (*prim.RWLock, *atomic.Uint32) {
	l, readers := new(prim.RWLock), make([]atomic.Uint32, 1)
	l.LockFast(noHolder, readers)
	readers[0].Store(notALastOne)
	return l, &readers[0]
}

// slowly runs a slow path of an RWLock, and records it if the lock is traced.
func (l *RWLock) slowly(mode arena.TraceMode, f func(*prim.RWSide) error) error {
	if l.tracer == nil {
		return f(&l.side)
	}
	side, c := l.side, whoCalls()
	side.Parker = &tracedParker{Parker: l.parker(), tracer: l.tracer, caller: c, mode: mode, rw: l.state}
	err := f(&side)
	if err == nil {
		l.took(c, mode)
	}
	return err
}

// gate notes that a writer has shut the gate and waits for those inside: others wait for it. What it returns takes
// that back.
func (p *tracedParker) gate() func() {
	t := p.tracer
	r := t.in.Trace(arena.Note{Kind: arena.TraceHold, Mode: arena.Gate, Object: t.at, Goroutine: p.caller.goroutine, Where: p.caller.where})
	return func() { t.in.Erase(r) }
}
