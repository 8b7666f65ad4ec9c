package arena

import (
	"fmt"
	"strings"
	"time"

	"github.com/multiproc/mp/internal/failpoint"
)

// Kind is what an object is.
type Kind uint32

// The kinds. Their numbers are part of the layout.
const (
	KindLock     Kind = 1
	KindValue    Kind = 2
	KindRawValue Kind = 3
	KindRLock    Kind = 4
	KindRWLock   Kind = 5

	KindSemaphore        Kind = 6
	KindBoundedSemaphore Kind = 7

	KindEvent     Kind = 8
	KindCondition Kind = 9
	KindBarrier   Kind = 10

	KindTrace Kind = 11

	KindQueue Kind = 12

	KindArray         Kind = 13
	KindRawArray      Kind = 14
	KindPipe          Kind = 15
	KindList          Kind = 16
	KindDict          Kind = 17
	KindJoinableQueue Kind = 18
	KindSimpleQueue   Kind = 19
)

var kindNames = [...]string{
	KindLock: "Lock", KindValue: "Value", KindRawValue: "RawValue", KindRLock: "RLock", KindRWLock: "RWLock", KindSemaphore: "Semaphore",
	KindBoundedSemaphore: "BoundedSemaphore", KindEvent: "Event", KindCondition: "Condition", KindBarrier: "Barrier",
	KindTrace: "Trace", KindQueue: "Queue", KindArray: "Array", KindRawArray: "RawArray", KindPipe: "Pipe", KindList: "List",
	KindDict: "Dict", KindJoinableQueue: "JoinableQueue", KindSimpleQueue: "SimpleQueue",
}

// generic kinds hold a type that their users choose.
func (k Kind) generic() bool {
	switch k {
	case KindValue, KindRawValue, KindArray, KindRawArray, KindQueue, KindJoinableQueue, KindSimpleQueue, KindPipe, KindList, KindDict:
		return true
	}
	return false
}

// String is the kind's name, that of the type in package mp.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint32(k))
}

// of names a kind with the type that it holds.
func (k Kind) of(typ string) string {
	if !k.generic() {
		return k.String()
	}
	return k.String() + "[" + typ + "]"
}

// The flags of objects.
const (
	FlagTraced uint32 = 1 << iota // who holds it and who waits for it is recorded; see TraceState
	FlagDetect                    // of a cycle of waits one is refused
	FlagSparse                    // what lies behind the beginning of the payload has no memory before it is touched
)

// TypeError: a handle names an object of another kind, or of another type, than the one it was opened as.
type TypeError struct {
	Name string // the object's; "" = it has none
	Have string // what the object is
	Want string // what it was opened as
}

// Error names the object and both types.
func (e *TypeError) Error() string {
	name := "a shared object"
	if e.Name != "" {
		name = fmt.Sprintf("shared object %q", e.Name)
	}
	if e.Have == e.Want {
		return fmt.Sprintf("mp: %s is a %s whose type has the same name and another layout", name, e.Have)
	}
	return fmt.Sprintf("mp: %s is a %s, not a %s", name, e.Have, e.Want)
}

// ObjectSpec says what NewObject makes.
type ObjectSpec struct {
	Kind        Kind
	Flags       uint32
	Fingerprint uint64
	Name        string // up to 40 bytes are kept
	Type        string // up to 72 bytes are kept
	Size        uint64 // of the payload
	Reserve     uint64 // with FlagSparse: how much of the payload, from its beginning, has memory from the start
	// Init fills the zeroed payload, before anybody else can see the object; it may be nil. It must not
	// allocate in the arena: it runs with a block in hand.
	Init func(*Object)
}

// NewObject makes an object that this process holds, and enters it in the directory. Killed before that,
// it never existed. It returns a *FullError if there is no room. Under 1 µs with its Drop, if it is small.
func (a *Arena) NewObject(spec ObjectSpec) (*Object, Handle, error) {
	b, err := a.allocFor(&spec)
	if err != nil {
		return nil, Handle{}, err
	}
	entered := false
	defer func() {
		if !entered { // no room in the directory, or Init has panicked
			a.discard(b)
		}
	}()
	o := at[Object](a, b.at)
	o.Kind, o.Flags, o.Fingerprint, o.Size = spec.Kind, spec.Flags, spec.Fingerprint, spec.Size
	o.Created, o.Creator = time.Now().UnixNano(), a.id
	copy(o.Name[:], cut(spec.Name, len(o.Name)))
	copy(o.Type[:], cut(spec.Type, len(o.Type)))
	o.Holders[a.slot/64].Store(1 << (a.slot % 64))
	if spec.Init != nil {
		spec.Init(o)
	}
	failpoint.Hit("object: filled")
	at, err := a.introduce(o, b)
	if err != nil {
		return nil, Handle{}, err
	}
	entered = true
	failpoint.Hit("object: entered")
	a.limbo.put(b.place)
	return o, at, nil
}

// introduce enters the object in our hand into the directory.
func (a *Arena) introduce(o *Object, b block) (Handle, error) {
	a.lock()
	defer a.unlock()
	at, err := a.nextHandle()
	if err != nil {
		return Handle{}, err
	}
	o.Index, o.Generation = at.Index, at.Generation
	t := a.begin()
	t.enter(at, b.at)
	t.Set(a.place(b.place), 0)
	t.Commit()
	return at, nil
}

// Open makes this process a holder of the object that a handle names, if it is what the caller takes it for:
// otherwise a *StaleError or a *TypeError. A process holds an object once, however often it opens it.
func (a *Arena) Open(h Handle, kind Kind, fingerprint uint64, typ string) (*Object, error) {
	a.lock()
	defer a.unlock()
	o, _, err := a.find(h)
	if err != nil {
		return nil, err
	}
	if o.Kind != kind || o.Fingerprint != fingerprint {
		return nil, &TypeError{Name: o.Named(), Have: o.Kind.of(o.TypeName()), Want: kind.of(typ)}
	}
	failpoint.Hit("object: opening")
	o.Holders[a.slot/64].Or(1 << (a.slot % 64))
	return o, nil
}

// Lend makes the process with the given id a holder of an object that this one holds, as if it had opened it, and calls
// with while it cannot be swept yet. False: the process is gone, and nothing was done.
func (a *Arena) Lend(o *Object, id uint32, with func(slot uint32)) bool {
	a.lock()
	defer a.unlock()
	if !a.Alive(id) {
		return false
	}
	// A sweep that begins from here on gets the heap lock before it looks at the objects of the dead.
	slot := SlotOf(id)
	failpoint.Hit("object: lending")
	o.Holders[slot/64].Or(1 << (slot % 64))
	with(slot)
	return true
}

// Drop ends this process's hold on an object, and frees it if no other process has one. The object must not
// be used afterwards, nor dropped again, which panics if it is noticed.
func (a *Arena) Drop(o *Object) {
	k := a.limbo.take()
	defer a.limbo.put(k)
	if !a.drop(o.Handle(), a.offsetOf(o), a.slot, a.place(k), a.lock) {
		panic("mp: a shared object was dropped that this process does not hold")
	}
}

// drop takes a process's bit from an object, and frees the object with the last one; a run, or what has extents, by way
// of place. It tells whether the process had a bit.
func (a *Arena) drop(h Handle, where Offset, slot uint32, place *uint64, lock func()) bool {
	held, rest := a.dropBit(h, where, slot, place, lock)
	switch {
	case rest && *place&LimboObject != 0:
		failpoint.Hit("object: left")
		a.dismantle(place, lock)
	case rest:
		failpoint.Hit("object: run in limbo")
		a.freeRun(place, lock)
	}
	return held
}

func (a *Arena) dropBit(h Handle, where Offset, slot uint32, place *uint64, lock func()) (held, rest bool) {
	lock()
	defer a.unlock()
	o, off, err := a.find(h)
	if err != nil || off != where || !o.heldBy(slot) {
		return false, false
	}
	if slot == a.slot && o.engages(a.slot, a.id) {
		return true, false // the bit stays until this process ends: by it the sweep finds what the dead has in hand
	}
	failpoint.Hit("object: dropping")
	if !o.heldOnlyBy(slot) {
		o.Holders[slot/64].And(^(uint64(1) << (slot % 64)))
		return true, false
	}
	t := a.begin()
	t.leave(h)
	if rest = o.Extents != 0; rest {
		t.Set(place, uint64(off)|LimboObject)
	} else {
		rest = t.detach(off, place)
	}
	t.Commit()
	return true, rest
}

// dropHolder is the last part of a sweep that touches objects: it drops all that the dead process held. The
// limbo of the dead is empty since sweepLimbo, and serves for the runs: one of our own we might have to wait for.
func (a *Arena) dropHolder(slot uint32) {
	place := &a.Slot(slot).Limbo[0]
	a.eachHeld(oneSlot(slot), func(o *Object) {
		failpoint.Hit("sweep: dropping")
		a.drop(o.Handle(), a.offsetOf(o), slot, place, a.lockSweeping)
	})
}

func (o *Object) heldBy(slot uint32) bool {
	return o.Holders[slot/64].Load()&(1<<(slot%64)) != 0
}

func (o *Object) heldOnlyBy(slot uint32) bool {
	for i := range o.Holders {
		mine := uint64(0)
		if uint32(i) == slot/64 {
			mine = 1 << (slot % 64)
		}
		if o.Holders[i].Load()&^mine != 0 {
			return false
		}
	}
	return true
}

// Handle is what names the object in messages.
func (o *Object) Handle() Handle { return Handle{Index: o.Index, Generation: o.Generation} }

// Named is the object's name, "" if it has none.
func (o *Object) Named() string { return text(o.Name[:]) }

// TypeName is the type of what the object holds.
func (o *Object) TypeName() string { return text(o.Type[:]) }

// text is what stands before the first zero.
func text(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}
