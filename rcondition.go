package mp

import (
	"errors"
	"reflect"

	"github.com/multiproc/mp/internal/arena"
)

// RCondition is a condition over an [RLock], as Python's conditions are unless they are given a Lock. Who has the lock
// is a [Holder] here, so the verbs are those of what By makes for one: a [Condition] like any other.
//
//	h := rc.Holder()
//	c := rc.By(h) // for this goroutine
//	c.Lock()
//	c.WaitFor(ready)
//
// A wait lets go of the lock at whatever level its Holder has it, and takes it as often again. It is made by
// [NewRCondition]; the handle travels as an argument, brings its lock along, and must not be copied. What its Conditions
// do when a process dies, or a With of a Holder panics, is what [Condition] says.
//
// Where nobody needs to enter twice, take a Condition over a Lock. Between goroutines of one process
// threading.RCondition does the same on the heap.
type RCondition struct {
	noCopy noCopy
	lock   *RLock
	*hold
}

// NewRCondition makes a condition over lock, or over an RLock of its own if lock is nil, which then has the options
// too. Several conditions may share a lock. It panics as [NewCondition] does.
func NewRCondition(lock *RLock, opts ...Option) *RCondition {
	r, err := newRCondition(lock, opts)
	if err != nil {
		panic(err)
	}
	return r
}

func newRCondition(lock *RLock, opts []Option) (*RCondition, error) {
	a, err := family("NewRCondition")
	if err != nil {
		return nil, err
	}
	s := settle(opts)
	switch {
	case lock == nil:
		if lock, err = newRLock(opts); err != nil {
			return nil, err
		}
	case lock.hold == nil:
		panic("mp: NewRCondition over a zero RLock: make it with NewRLock")
	case s.policy != arena.PolicyAbandon:
		panic("mp: Release is an option of the lock: give it to NewRLock")
	}
	lock.state.Conditions.Store(1)
	h, err := a.createCondition(s, "mp.RCondition", lock.at)
	if err != nil {
		return nil, err
	}
	r := new(RCondition)
	r.attach(h, lock)
	return r, nil
}

func (r *RCondition) attach(h *hold, lock *RLock) {
	r.hold, r.lock = h, lock
	collect(r, h)
}

// Holder makes a party that can hold the condition's lock, as [RLock.Holder].
func (r *RCondition) Holder() *Holder { return r.lock.Holder() }

// By is the condition as h has it: its Lock, Unlock and Recover are h's, at one level more or less each, and its Wait
// and Notify want h to hold the lock. So it is for one goroutine at a time, as h is. It costs an allocation, and does
// not travel: send r. It panics if h is of another lock.
func (r *RCondition) By(h *Holder) *Condition {
	if h.state != r.lock.state {
		panic("mp: By with a Holder of another RLock")
	}
	c := &Condition{of: r}
	c.open(r.hold, h)
	return c
}

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (r *RCondition) MarshalBinary() ([]byte, error) { return r.marshal(arena.KindCondition) }

// UnmarshalBinary makes r a handle of the condition that another process's MarshalBinary named.
func (r *RCondition) UnmarshalBinary(b []byte) error {
	h, under, err := unmarshalCondition(b, arena.KindRLock)
	if err != nil {
		return err
	}
	lock := new(RLock)
	lock.attach(under)
	r.attach(h, lock)
	return nil
}

// unmarshalCondition opens the condition that a handle on the wire names, and the lock that it is over.
func unmarshalCondition(b []byte, kind arena.Kind) (h, under *hold, err error) {
	h, err = unmarshal(b, arena.KindCondition, reflect.Type(nil))
	if err != nil {
		return nil, nil, err
	}
	// The sender holds both: the lock is there, or the sender is no more.
	under, err = h.arena.open(arena.PayloadOf[arena.ConditionState](h.object).Lock(), kind, fingerprint(nil), describe(nil))
	if err != nil {
		h.drop()
		return nil, nil, err
	}
	return h, under, nil
}

var errByDoesNotTravel = errors.New("mp: a Condition that By has made does not travel: send the RCondition")

var _ conditionLock = (*Holder)(nil)

func (h *Holder) owned() bool { return h.Depth() > 0 }

// release leaves all levels: the last Unlock gives the lock to the next, or up, if a With has torn it.
func (h *Holder) release() (levels int) {
	levels = h.Depth()
	for range levels {
		h.Unlock()
	}
	return levels
}

func (h *Holder) restore(levels int) error {
	if err := h.LockContext(background); err != nil {
		return err
	}
	for range levels - 1 {
		h.Lock() // which it holds
	}
	return nil
}

func (h *Holder) lastDeath() (died *OwnerDiedError, deaths int) { return h.lock.lastDeath() }
