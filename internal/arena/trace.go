package arena

import (
	"sync"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/sys"
)

// traceRoom is which of this process's trace records are free. It lies in the process: a record is this process's
// alone, and the sweep drops the objects that they lie in like all others that the dead held.
type traceRoom struct {
	mu   sync.Mutex
	free []*TraceRecord // the last that was freed, last
}

// Note is what a record is to say.
type Note struct {
	Kind      TraceKind
	Mode      TraceMode
	Bounded   bool
	Object    Handle
	Goroutine uint64
	Number    uint64
	Where     TraceText
}

// Trace writes a record, and returns it for Erase. If the arena has no room for it, it returns nil and adds
// to the slot's Untraced. 0.1 µs.
func (a *Arena) Trace(n Note) *TraceRecord {
	r := a.takeRecord()
	if r == nil {
		a.MySlot().Untraced.Add(1)
		return nil
	}
	r.Object.Store(uint64(n.Object.Generation)<<32 | uint64(n.Object.Index))
	r.Goroutine.Store(n.Goroutine)
	r.Number.Store(uint32(n.Number))
	r.Since.Store(sys.Monotonic())
	for i := range r.Where {
		r.Where[i].Store(n.Where[i])
	}
	failpoint.Hit("trace: written")
	r.State.Store(uint32(TraceWord(r.State.Load()).next(n.Kind, n.Mode, n.Bounded)))
	failpoint.Hit("trace: noted")
	return r
}

// Erase takes a record back; nil is one that there was no room for.
func (a *Arena) Erase(r *TraceRecord) {
	if r == nil {
		a.MySlot().Untraced.Add(^uint32(0))
		return
	}
	w := TraceWord(r.State.Load())
	r.State.Store(uint32(w &^ 3)) // the count stays, for the next use
	failpoint.Hit("trace: erased")
	a.trace.mu.Lock()
	a.trace.free = append(a.trace.free, r)
	a.trace.mu.Unlock()
}

func (a *Arena) takeRecord() *TraceRecord {
	t := &a.trace
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.free) == 0 {
		t.free = a.moreRecords(t.free)
	}
	last := len(t.free) - 1
	if last < 0 {
		return nil
	}
	r := t.free[last]
	t.free = t.free[:last]
	return r
}

// moreRecords makes one more object of records. They are never given back while the process lives.
func (a *Arena) moreRecords(free []*TraceRecord) []*TraceRecord {
	chain := &a.MySlot().Trace
	o, _, err := a.NewObject(ObjectSpec{
		Kind: KindTrace, Type: "records of holds and waits", Size: traceSize,
		Init: func(o *Object) { PayloadOf[TraceState](o).Next.Store(chain.Load()) },
	})
	if err != nil {
		return free
	}
	failpoint.Hit("trace: more room")
	chain.Store(uint64(a.offsetOf(o)))
	s := PayloadOf[TraceState](o)
	for i := range s.Records {
		free = append(free, &s.Records[TraceRecords-1-i])
	}
	return free
}

// forgetTrace unlinks the records of a dead process, before they are freed as what they lie in is.
func (s *Slot) forgetTrace() {
	s.Trace.Store(0)
	s.Untraced.Store(0)
}

// OnTick has f called after each tick of the parker, from its goroutine: every park.Tick, while somebody of this
// process sleeps. There is one f.
func (a *Arena) OnTick(f func()) { a.ticked.Store(&f) }
