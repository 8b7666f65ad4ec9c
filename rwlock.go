package mp

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// RWLock lets many goroutines of all processes of the family read, or one write.
//
// It is made by [NewRWLock]; the handle travels as an argument and must not be copied. An unlock of one process
// synchronizes before a later Lock of another, and Unlock before a later RLock, as the Go memory model says of
// sync.RWMutex. Any goroutine of the process that has locked it may unlock it; another process may not, and panics.
//
// A process that dies reading, by a kill, a crash or a plain exit, just leaves: it has written nothing. One that dies
// writing leaves the lock abandoned: every locker, readers too, is told by *OwnerDiedError, without getting the lock,
// until one calls Recover. With the option [Release] a death frees it instead. A process that dies while it waits, also
// a writer that has readers yet to leave, leaves nothing behind.
//
// A writer that waits goes before readers that come after it. Readers that wait for a writer go before the next one,
// unless their process cannot run for 10 ms: that is what a stopped process that waits can cost a writer, once. So
// neither starves the other. For that reason a goroutine that reads must not RLock again: it would wait for the writer
// that waits for it. Writers are as unfair among themselves as a [Lock].
//
// Uncontended it costs two atomic instructions a read and three a write, about as sync.RWMutex; readers of the same
// process at the same time cost one more each. A write looks at the counts of all processes, 16 with a cache
// line. It takes 8 KiB. Between goroutines of one process threading.RWLock does the same on the heap.
type RWLock struct {
	noCopy noCopy
	state  *prim.RWLock
	fast   *prim.RWLock   // state; of a traced lock one that is never free
	word   *atomic.Uint32 // the writer's
	mine   *atomic.Uint32 // the count of this process's readers
	side   prim.RWSide
	*hold
}

var _ sync.Locker = (*RWLock)(nil)

// NewRWLock makes a free lock. It panics, as make does, if the arena is full, and before Main.
func NewRWLock(opts ...Option) *RWLock {
	l, err := newRWLock(opts)
	if err != nil {
		panic(err)
	}
	return l
}

func newRWLock(opts []Option) (*RWLock, error) {
	a, err := family("NewRWLock")
	if err != nil {
		return nil, err
	}
	s := settle(opts)
	h, err := a.create(arena.ObjectSpec{
		Kind: arena.KindRWLock, Flags: s.flags, Name: s.name, Type: "mp.RWLock", Fingerprint: fingerprint(nil), Size: rwLockStateSize,
		Init: func(o *arena.Object) { arena.PayloadOf[arena.RWLockState](o).Head.Policy.Store(s.policy) },
	})
	if err != nil {
		return nil, err
	}
	l := new(RWLock)
	l.attach(h)
	return l, nil
}

func (l *RWLock) attach(h *hold) {
	in := h.arena.in
	l.hold = h
	payload := arena.PayloadOf[arena.RWLockState](h.object)
	slot := arena.SlotOf(in.Me())
	l.state = &payload.Head.RW
	l.state.Enter(slot)
	l.fast, l.mine = l.state, &payload.Readers[slot]
	if l.tracer != nil {
		l.fast, l.mine = shutRWLock()
	}
	l.word = l.fast.Word()
	l.side = prim.RWSide{
		Me: prim.Holder(in.Me(), true), Slot: slot, Readers: payload.Readers[:], Parker: in.Parker(), Spin: &h.spin,
	}
	collect(l, h)
}

// Lock locks l for writing, waiting as long as it takes. It panics with *OwnerDiedError if a writer has died with it:
// whoever can mend that calls LockContext or Recover instead.
func (l *RWLock) Lock() {
	if err := l.LockContext(background); err != nil {
		panic(err)
	}
}

// LockContext is Lock until ctx ends: ctx's error, or *OwnerDiedError, is returned without the lock. A
// lock that is free is taken even if ctx has ended.
func (l *RWLock) LockContext(ctx context.Context) error {
	if got := l.fast.LockFast(l.side.Me, l.side.Readers); got != prim.GotLock {
		if err := l.slowly(arena.Exclusive, func(s *prim.RWSide) error { return l.state.Lock(ctx, s, got) }); err != nil {
			return l.told(err)
		}
	}
	l.writes()
	return nil
}

// writes tells the race detector that we write.
func (l *RWLock) writes() {
	if race.Enabled {
		l.shadow.Acquire()
		l.reads.Acquire()
	}
}

// told is the error of the API.
func (l *RWLock) told(err error) error {
	if errors.Is(err, prim.ErrAbandoned) {
		return l.ownerDied()
	}
	return err
}

// TryLock locks l for writing if nobody has it and tells whether it did. It does not wait for readers that have waited for
// the writer before. It panics with *OwnerDiedError as Lock does.
func (l *RWLock) TryLock() bool {
	rw := l.state
	ok, err := rw.TryLock(&l.side)
	// Nobody may be asleep here, and so nobody looks whether those live who have the lock.
	for slot, some := l.side.Reader(rw); !ok && err == nil && some; slot, some = l.side.Reader(rw) {
		if !l.arena.in.Suspect(l.arena.in.IDOf(slot)) {
			break
		}
		ok, err = rw.TryLock(&l.side)
	}
	if !ok && err == nil && l.suspectWriter() {
		ok, err = rw.TryLock(&l.side)
	}
	if err != nil {
		panic(l.told(err))
	}
	if ok {
		l.writes()
		if l.tracer != nil {
			l.took(whoCalls(), arena.Exclusive)
		}
	}
	return ok
}

// suspectWriter looks whether the writer lives, and tells whether it was dead.
func (l *RWLock) suspectWriter() bool {
	id, _, dead := l.state.Writer()
	return id != 0 && !dead && l.arena.in.Suspect(id)
}

// Unlock unlocks l for writing. It panics if l is not locked for writing, or by another process.
func (l *RWLock) Unlock() {
	if race.Enabled {
		l.shadow.Release()
	}
	if !l.fast.Unlock(l.side.Me) {
		l.unlockSlow()
	}
}

//go:noinline
func (l *RWLock) unlockSlow() {
	l.leaves(arena.Exclusive)
	if err := l.state.UnlockSlow(&l.side); err != nil {
		panic(err)
	}
}

// Recover is LockContext for those who can mend. If the lock is abandoned it takes it over and calls mend
// with it held for writing; what mend returns decides: nil leaves the caller with the lock, an error leaves the lock
// abandoned and is returned. A mend that panics, or is killed, leaves it abandoned too. Of several that
// call Recover one mends, and the others just lock. mend may be nil if there is nothing to mend.
func (l *RWLock) Recover(ctx context.Context, mend func(died *OwnerDiedError) error) error {
	var takenOver bool
	err := l.slowly(arena.Exclusive, func(s *prim.RWSide) (err error) {
		takenOver, err = l.state.Recover(ctx, s)
		return err
	})
	if err != nil {
		return err
	}
	l.writes()
	if !takenOver || mend == nil {
		return nil
	}
	mended := false
	defer func() {
		if !mended {
			if race.Enabled {
				l.shadow.Release()
			}
			l.leaves(arena.Exclusive)
			l.state.Abandon(&l.side)
		}
	}()
	err = mend(l.ownerDied())
	mended = err == nil
	return err
}

// LastDeath tells of the last process that died writing, and how many did; nil if none has.
func (l *RWLock) LastDeath() (died *OwnerDiedError, deaths int) { return l.lastDeath() }

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (l *RWLock) MarshalBinary() ([]byte, error) { return l.marshal(arena.KindRWLock) }

// UnmarshalBinary makes l a handle of the lock that another process's MarshalBinary named.
func (l *RWLock) UnmarshalBinary(b []byte) error {
	h, err := unmarshal(b, arena.KindRWLock, reflect.Type(nil))
	if err != nil {
		return err
	}
	l.attach(h)
	return nil
}
