package codec

import (
	"reflect"
	"sync"
	"sync/atomic"
)

// form is how a whole value of a type is written.
type form uint8

const (
	formWalked   form = iota // by its nodes; also for types that are refused
	formRaw                  // plain data: its memory
	formElements             // a slice of plain data: the memory of its elements, the length being the number of bytes
	formString               // a string: its bytes
)

// A plan is what was decided about a type, once. Plans do not change.
type plan struct {
	typ     reflect.Type
	address uintptr // of typ's description; typ keeps it where it is
	form    form
	bools   bool    // raw forms: some bytes are bools, in which only 0 and 1 may lie
	size    uintptr // raw forms: bytes of the value, or of an element
	root    *node   // the walked form
	err     error   // a *TypeError, if values of the type cannot travel
}

// plans holds every plan: reflect.Type to *plan. recent is in front of it, because hashing an interface takes longer than
// encoding an int; a slot holds the plan of the type that used it last, and types that share one still find theirs in plans.
var (
	plans  sync.Map
	recent [256]atomic.Pointer[plan]
)

func planOf(t reflect.Type) *plan {
	address := typeAddress(t)
	if p := recent[recentSlot(address)].Load(); p != nil && p.address == address {
		return p
	}
	return planSlow(t)
}

// recentSlot spreads addresses, of which only the middle bits differ, over the slots.
func recentSlot(address uintptr) uint8 { return uint8(uint64(address) * 0x9e3779b97f4a7c15 >> 56) }

func planSlow(t reflect.Type) *plan {
	p, ok := plans.Load(t)
	if !ok {
		p, _ = plans.LoadOrStore(t, newPlan(t))
	}
	found := p.(*plan)
	recent[recentSlot(found.address)].Store(found)
	return found
}

func forgetPlans() {
	plans.Clear()
	for i := range recent {
		recent[i].Store(nil)
	}
}

func newPlan(t reflect.Type) *plan {
	p := &plan{typ: t, address: typeAddress(t)}
	b := builder{root: t, nodes: map[reflect.Type]*node{}}
	root, err := b.node(t, "")
	if err != nil {
		p.err = err
		return p
	}
	p.root = root
	switch {
	case root.kind == kindRaw:
		p.form, p.size, p.bools = formRaw, t.Size(), root.bools
	case root.kind == kindString:
		p.form = formString
	case root.kind == kindRawSlice && t.Elem().Size() > 0: // elements without bytes must be counted
		p.form, p.size, p.bools = formElements, t.Elem().Size(), root.bools
	}
	return p
}

// Check returns nil if values of type t can travel, and a *TypeError that names the part which cannot if not. A value may
// still be refused, for what an any in it holds. The verdict is kept; a second call is one look-up.
func Check(t reflect.Type) error { return planOf(t).err }

// A funcCodec is how the functions of one type travel.
type funcCodec struct {
	enc func(reflect.Value) ([]byte, error)
	dec func([]byte, reflect.Value) error
}

// funcCodecs maps reflect.Type to funcCodec.
var funcCodecs sync.Map

// RegisterFuncType lets functions of type t travel, at any depth: enc gives the bytes that name a function, which is never
// nil, or says why this one has none; dec sets the settable value to the function that the bytes name, and must not keep
// the bytes. A nil func stays nil without them. Call it while the program is being set up, before a t is sent: types that
// were refused because of t are looked at anew, but a call in progress may still see the refusal.
// It panics if t is not a func type or is registered already.
func RegisterFuncType(t reflect.Type, enc func(reflect.Value) ([]byte, error), dec func([]byte, reflect.Value) error) {
	if t.Kind() != reflect.Func {
		panic("mp: RegisterFuncType of " + t.String() + ", which is not a func type")
	}
	if _, twice := funcCodecs.LoadOrStore(t, funcCodec{enc, dec}); twice {
		panic("mp: RegisterFuncType of " + t.String() + ", which is registered already")
	}
	forgetPlans()
}
