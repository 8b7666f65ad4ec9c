package threading

import (
	"context"
	"sync"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// RLock is a lock that its holder may take again: Python's threading.RLock. Go does not tell one goroutine from
// another, so who holds it is a value: each goroutine makes a [Holder] and hands it down its calls. The zero RLock is
// unlocked. An RLock must not be copied after first use. The last Unlock of one Holder synchronizes before a later
// Lock of another, as the Go memory model says of sync.Mutex.
//
// Where one function can lock and the others be told that it has, a Lock is enough. Between processes mp.RLock does
// the same, and knows of their deaths.
type RLock struct {
	state prim.RLock
	spin  park.Spin
}

// Holder makes a party that can hold l: make one for each goroutine that wants it. It costs an allocation, and is
// garbage when it is no longer used; if it holds l then, l stays locked for ever.
func (l *RLock) Holder() *Holder {
	return &Holder{party: prim.NewParty(tokens.Next(), me), state: &l.state, lock: l}
}

var tokens prim.Tokens

// Holder holds an [RLock] any number of times: as many Unlocks as Locks give it back. It is for one goroutine at a
// time, which the race detector watches; it may be handed to another, and that one goes on where the first was. It is
// made by [RLock.Holder], and must not be copied.
//
// A Lock and Unlock cost as those of sync.Mutex, those within them 2 or 3 ns each.
type Holder struct {
	party prim.Party
	state *prim.RLock // of lock
	lock  *RLock
}

var _ sync.Locker = (*Holder)(nil)

// Lock locks the lock, waiting as long as it takes; if h holds it, it does so once more.
func (h *Holder) Lock() {
	if !h.state.TryLock(&h.party) {
		_ = h.lockSlow(background) // without an end of the context there is no error
	}
}

// LockContext is Lock until ctx ends, and returns its error then. A lock that is free, or that h holds, is taken
// even if ctx has ended.
func (h *Holder) LockContext(ctx context.Context) error {
	if h.state.TryLock(&h.party) {
		return nil
	}
	return h.lockSlow(ctx)
}

//go:noinline
func (h *Holder) lockSlow(ctx context.Context) error {
	return h.state.LockSlow(ctx, &h.party, &park.Heap, &h.lock.spin)
}

// TryLock locks the lock if it is free or h holds it, and tells whether it did.
func (h *Holder) TryLock() bool {
	if h.state.TryLock(&h.party) {
		return true
	}
	ok, _ := h.state.TryLockSlow(&h.party) // on the heap no holder dies
	return ok
}

// Unlock takes one Lock back. It panics if h does not hold the lock, whoever else does.
func (h *Holder) Unlock() {
	if !h.state.Unlock(&h.party) {
		h.unlockSlow()
	}
}

//go:noinline
func (h *Holder) unlockSlow() {
	if err := h.state.UnlockSlow(&h.party, &park.Heap); err != nil {
		panic(err)
	}
}

// Depth is how many times h holds the lock: 0 if it does not.
func (h *Holder) Depth() int { return h.party.Depth() }

// With calls f with the lock held: Python's with statement. A panic in f, or runtime.Goexit, unlocks it as a
// deferred Unlock does, and goes on.
func (h *Holder) With(f func()) {
	h.Lock()
	defer h.Unlock()
	f()
}
