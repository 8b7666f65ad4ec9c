package mp

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/internal/wire"
)

// hold is this process's hold on one shared object: all its handles here share it. The object's holder bit
// of this process is set from the first handle to the collection of the last.
//
// An object's handle in a message keeps it alive only through the sender's own: a Process that
// is kept keeps its Target, and a child that has sent a handle in its result stays until the parent has it.
type hold struct {
	arena  *Arena
	object *arena.Object
	at     arena.Handle
	refs   int    // handles; under the table's mutex
	last   func() // called when there are no more, before the object is dropped; may be nil; likewise

	shadow race.Shadow // the object in the race detector's eyes
	reads  race.Shadow // of a readers-writer lock: what its readers release to its writers
	spin   park.Spin
	tracer *tracer // of a traced object; else nil
	ends   [2]int  // of a pipe: the open handles of each end; under the table's mutex

	waiters atomic.Pointer[prim.Waiters] // of a condition
}

// holdTable finds the hold of an object.
type holdTable struct {
	mu    sync.Mutex
	by    map[arena.Handle]*hold
	pipes map[*pipeEnd]struct{} // the open ones
}

func (a *Arena) newHold(o *arena.Object, at arena.Handle) *hold {
	return &hold{arena: a, object: o, at: at, refs: 1, tracer: newTracer(a, o)}
}

// fast is what the fast paths of a lock try: l itself if it is not traced.
func (h *hold) fast(l *prim.Lock) *prim.Lock {
	if h.tracer != nil {
		return &h.tracer.closed
	}
	return l
}

// parker is how goroutines of this process sleep.
func (h *hold) parker() park.Parker { return h.arena.in.Parker() }

// create makes a shared object and this process's first hold on it.
func (a *Arena) create(spec arena.ObjectSpec) (*hold, error) {
	o, at, err := a.in.NewObject(spec)
	if err != nil {
		return nil, err
	}
	h := a.newHold(o, at)
	a.holds.mu.Lock()
	defer a.holds.mu.Unlock()
	if a.holds.by == nil {
		a.holds.by = make(map[arena.Handle]*hold)
	}
	a.holds.by[at] = h
	return h, nil
}

// open makes one more hold on an object that exists.
func (a *Arena) open(at arena.Handle, kind arena.Kind, fp uint64, typ string) (*hold, error) {
	a.holds.mu.Lock()
	defer a.holds.mu.Unlock()
	o, err := a.in.Open(at, kind, fp, typ)
	if err != nil {
		return nil, err
	}
	if h := a.holds.by[at]; h != nil {
		h.refs++
		return h, nil
	}
	h := a.newHold(o, at)
	if a.holds.by == nil {
		a.holds.by = make(map[arena.Handle]*hold)
	}
	a.holds.by[at] = h
	return h, nil
}

// drop gives one handle's share back.
func (h *hold) drop() {
	t := &h.arena.holds
	t.mu.Lock()
	defer t.mu.Unlock()
	if h.refs--; h.refs == 0 {
		delete(t.by, h.at)
		if h.last != nil {
			h.last()
		}
		h.arena.in.Drop(h.object)
	}
}

// atLast has f called when the last handle is dropped, while the object is still held.
func (h *hold) atLast(f func()) {
	h.arena.holds.mu.Lock()
	defer h.arena.holds.mu.Unlock()
	h.last = f
}

// collect drops the hold when the handle is garbage. keep must be part of the handle's memory.
func collect[H any](handle *H, h *hold) {
	runtime.AddCleanup(handle, (*hold).drop, h)
}

// marshal is a handle on the wire.
func (h *hold) marshal(kind arena.Kind) ([]byte, error) {
	if h == nil {
		return nil, fmt.Errorf("mp: a zero %v cannot travel: make it with New%v", kind, kind)
	}
	handlesSent.Add(1)
	return h.bytes(), nil
}

// bytes name the object in messages, and are found nowhere else: an arena's ID is random.
func (h *hold) bytes() []byte {
	b := wire.AppendUvarint(make([]byte, 0, 24), h.arena.in.Header().ID)
	b = wire.AppendUvarint(b, uint64(h.at.Index))
	return wire.AppendUvarint(b, uint64(h.at.Generation))
}

// unmarshal opens the object that a handle on the wire names; t is the type that the receiver expects in it.
func unmarshal(b []byte, kind arena.Kind, t reflect.Type) (*hold, error) {
	f := wire.NewFields(b)
	id, at := f.Uvarint(), readHandle(f)
	if err := f.Done(); err != nil {
		return nil, fmt.Errorf("mp: reading a handle: %w", err)
	}
	return openObject(id, at, kind, fingerprint(t), describe(t))
}

func readHandle(f *wire.Fields) arena.Handle {
	return arena.Handle{Index: f.Uint32(), Generation: f.Uint32()}
}

// openObject opens an object of the arena with this ID, which must be the family's.
func openObject(id uint64, at arena.Handle, kind arena.Kind, fp uint64, typ string) (*hold, error) {
	a, err := familyOf(id)
	if err != nil {
		return nil, err
	}
	return a.open(at, kind, fp, typ)
}

// familyOf is the family's arena, which must be the one that a handle names.
func familyOf(id uint64) (*Arena, error) {
	a, err := family("a handle")
	if err != nil {
		return nil, err
	}
	if own := a.in.Header().ID; own != id {
		return nil, fmt.Errorf("mp: reading a handle: expected one of arena %x, which this family shares, found one of arena %x", own, id)
	}
	return a, nil
}

// background is for waits that nothing ends.
var background = context.Background()
