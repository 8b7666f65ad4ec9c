package mp

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/sys"
)

// traces is what the goroutines of this process hold of traced objects, and what they wait for. The records in the
// arena say the same to others.
type traces struct {
	mu    sync.Mutex
	holds map[holding][]*arena.TraceRecord // the last taken last; nil where the arena had no room
	waits map[*waiting]bool                // those of which one may be refused
	cycle detector
}

// holding is a goroutine and what it holds.
type holding struct {
	at        arena.Handle
	mode      arena.TraceMode
	goroutine uint64
}

// waiting is a goroutine that sleeps until it gets a lock made with DetectDeadlock.
type waiting struct {
	record *arena.TraceRecord
	caller caller
	old    bool // was there at an earlier tick
	refuse context.CancelCauseFunc
}

// tracer records who holds and who waits for one object. A traced object's fast paths are shut by closed, a lock
// that nobody can take: so an untraced one pays nothing for the choice.
type tracer struct {
	*Arena
	at     arena.Handle
	detect bool
	closed prim.Lock
}

// newTracer is the tracer of an object; nil if it is not traced.
func newTracer(a *Arena, o *arena.Object) *tracer {
	if o.Flags&arena.FlagTraced == 0 {
		return nil
	}
	t := &tracer{Arena: a, at: o.Handle(), detect: o.Flags&arena.FlagDetect != 0}
	t.closed.TryLock(noHolder)
	if t.detect {
		a.detectDeadlocks()
	}
	return t
}

// caller is a goroutine, and the line from which it called this package.
type caller struct {
	goroutine uint64
	where     arena.TraceText
}

// wants is how the caller waits for the object, and who the caller is, if that matters.
func (h *hold) wants(mode arena.TraceMode) (park.Parker, caller) {
	if h.tracer == nil {
		return h.parker(), caller{}
	}
	c := whoCalls()
	return &tracedParker{Parker: h.parker(), tracer: h.tracer, caller: c, mode: mode}, c
}

// took notes that the caller has the object. It comes after the taking, and after the wait was erased.
func (h *hold) took(c caller, mode arena.TraceMode) {
	t := h.tracer
	if t == nil {
		return
	}
	r := t.in.Trace(arena.Note{Kind: arena.TraceHold, Mode: mode, Object: t.at, Goroutine: c.goroutine, Where: c.where})
	k := holding{t.at, mode, c.goroutine}
	t.traces.mu.Lock()
	defer t.traces.mu.Unlock()
	if t.traces.holds == nil {
		t.traces.holds = make(map[holding][]*arena.TraceRecord)
	}
	t.traces.holds[k] = append(t.traces.holds[k], r)
}

// leaves erases what took has noted of this goroutine, before it gives the object back. It panics if this goroutine
// does not have it: what goroutines could give back for each other would make no cycle certain.
func (h *hold) leaves(mode arena.TraceMode) {
	t := h.tracer
	if t == nil {
		return
	}
	k := holding{t.at, mode, sys.Goroutine()}
	t.traces.mu.Lock()
	records := t.traces.holds[k]
	last := len(records) - 1
	if last < 0 {
		t.traces.mu.Unlock()
		panic("mp: unlock of a traced lock by a goroutine that has not locked it")
	}
	r := records[last]
	if last == 0 {
		delete(t.traces.holds, k)
	} else {
		t.traces.holds[k] = records[:last]
	}
	t.traces.mu.Unlock()
	t.in.Erase(r)
}

// tracedParker is the family's parker for one call of a caller: it records who sleeps, as long as it sleeps.
type tracedParker struct {
	park.Parker
	tracer *tracer
	caller caller
	mode   arena.TraceMode
	number uint64       // of the goroutine; 0 = not asked yet
	rw     *prim.RWLock // whose waiters sleep on several words; else nil
}

// Park is Parker's. It gives *DeadlockError if this wait was chosen to be refused.
func (p *tracedParker) Park(ctx context.Context, w *atomic.Uint32, seen uint32, blocked park.Blocked) error {
	return p.sleep(ctx, w, func(ctx context.Context) error { return p.Parker.Park(ctx, w, seen, blocked) })
}

// ParkAgain is Parker's, as Park.
func (p *tracedParker) ParkAgain(ctx context.Context, w *atomic.Uint32, seen uint32, blocked park.Blocked) error {
	return p.sleep(ctx, w, func(ctx context.Context) error { return p.Parker.ParkAgain(ctx, w, seen, blocked) })
}

// sleep records who sleeps on w while it does.
func (p *tracedParker) sleep(ctx context.Context, w *atomic.Uint32, park func(context.Context) error) error {
	if p.rw != nil && p.rw.Lets(w) {
		return park(ctx) // it waits for nobody's unlock
	}
	if p.rw != nil && p.rw.Drains(w) {
		defer p.gate()()
	}
	if p.number == 0 {
		p.number = sys.GoroutineNumber()
	}
	t, note := p.tracer, arena.Note{
		Kind: arena.TraceWait, Mode: p.mode, Bounded: ctx.Done() != nil,
		Object: p.tracer.at, Goroutine: p.caller.goroutine, Number: p.number, Where: p.caller.where,
	}
	if !t.detect {
		r := t.in.Trace(note)
		defer t.in.Erase(r)
		return park(ctx)
	}
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	me := &waiting{record: t.in.Trace(note), caller: p.caller, refuse: refuse}
	t.enlist(me)
	defer t.delist(me)
	err := park(ctx)
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*DeadlockError](context.Cause(ctx)); ok {
		return refused
	}
	return err
}

func (t *tracer) enlist(w *waiting) {
	t.traces.mu.Lock()
	defer t.traces.mu.Unlock()
	if t.traces.waits == nil {
		t.traces.waits = make(map[*waiting]bool)
	}
	t.traces.waits[w] = true
}

func (t *tracer) delist(w *waiting) {
	t.traces.mu.Lock()
	delete(t.traces.waits, w)
	t.traces.mu.Unlock()
	t.in.Erase(w.record)
}
