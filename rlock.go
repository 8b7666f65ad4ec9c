package mp

import (
	"reflect"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// RLock is a lock between all goroutines of all processes of the family that its holder may take again. Go does not
// tell one goroutine from another, so who holds it is a value: each goroutine makes a [Holder] and hands it down its
// calls.
//
// It is made by [NewRLock]; the handle travels as an argument and must not be copied. The last Unlock of one Holder
// synchronizes before a later Lock of another, as the Go memory model says of sync.Mutex. A process that dies holding
// it, at whatever level, leaves it abandoned, and all that [Lock] says of that is true here, with Recover on the Holder.
//
// Its word says which Holder of which process has it, as mp ps shows. Where nobody needs to enter twice, take a Lock.
// Between goroutines of one process threading.RLock does the same on the heap.
type RLock struct {
	noCopy noCopy
	state  *arena.RLockState
	me     uint32
	*hold
}

// NewRLock makes a free lock. It panics, as make does, if the arena is full, and before Main.
func NewRLock(opts ...Option) *RLock {
	l, err := newRLock(opts)
	if err != nil {
		panic(err)
	}
	return l
}

func newRLock(opts []Option) (*RLock, error) {
	a, err := family("NewRLock")
	if err != nil {
		return nil, err
	}
	s := settle(opts)
	h, err := a.create(arena.ObjectSpec{
		Kind: arena.KindRLock, Flags: s.flags, Name: s.name, Type: "mp.RLock", Fingerprint: fingerprint(nil), Size: rlockStateSize,
		Init: func(o *arena.Object) { arena.PayloadOf[arena.RLockState](o).Policy.Store(s.policy) },
	})
	if err != nil {
		return nil, err
	}
	l := new(RLock)
	l.attach(h)
	return l, nil
}

func (l *RLock) attach(h *hold) {
	l.hold = h
	l.state = arena.PayloadOf[arena.RLockState](h.object)
	l.me = prim.Holder(h.arena.in.Me(), l.state.Policy.Load() == arena.PolicyAbandon)
	collect(l, h)
}

// Holder makes a party of this process that can hold l: make one for each goroutine that wants it. It costs an
// allocation, and is garbage when it is no longer used. If it holds l then, l stays held, as with a goroutine that ends
// without Unlock, until the process ends.
func (l *RLock) Holder() *Holder {
	h := &Holder{party: prim.NewParty(tokens.Next(), l.me), fast: &l.state.RLock, state: l.state, lock: l}
	if l.tracer != nil {
		h.fast = shutRLock()
	}
	return h
}

var tokens prim.Tokens

// LastDeath tells of the last time that l was abandoned, or freed by [Release], because the process that held it had
// died, or because a With had panicked; and how often that was. It is nil if l never was.
func (l *RLock) LastDeath() (died *OwnerDiedError, deaths int) { return l.lastDeath() }

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (l *RLock) MarshalBinary() ([]byte, error) { return l.marshal(arena.KindRLock) }

// UnmarshalBinary makes l a handle of the lock that another process's MarshalBinary named.
func (l *RLock) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindRLock, reflect.Type(nil))
	if err != nil {
		return err
	}
	l.attach(h)
	return nil
}
