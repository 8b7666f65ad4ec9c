package prim

import (
	"context"
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// The word of a Bounded.
//
//	bits 0–31   the permit word
//	bits 32–41  a slot
//	bits 42–63  how many permits the process in that slot holds
const (
	boundedSlotAt = 32
	boundedHeldAt = 42
	boundedSlots  = 1 << (boundedHeldAt - boundedSlotAt)

	// MaxBound is how many permits a Bounded can have.
	MaxBound = 1<<(64-boundedHeldAt) - 1
)

func boundedWord(low, slot, held uint32) uint64 {
	return uint64(held)<<boundedHeldAt | uint64(slot)<<boundedSlotAt | uint64(low)
}

func slotIn(v uint64) uint32 { return uint32(v>>boundedSlotAt) % boundedSlots }
func heldIn(v uint64) uint32 { return uint32(v >> boundedHeldAt) }

// Bounded is a semaphore that knows which process holds how many of its permits: 24 bytes, and a number for each
// process beside them (Seat.Held). Zero has no permits.
//
// The permits left and the account of one process, of how many it holds, lie in one word, so that both change by one
// CAS: that is what commits. Whose account lies there changes, by the same CAS, to that of the process which takes or
// releases a permit; the account that was there is written to Held before. While one process has the semaphore to
// itself its account stays in the word.
//
// An account is true in the word, and in Held where the word has another's. Who moves what:
//
//	permits and account in the word   goroutines of that process, at any time
//	whose account it is               whoever holds accounts
//	Held                              whoever holds accounts: what the word had, before the word has another
//
// So between the look at the word and the CAS that moves the account out, only the process whose account it is can
// change the word, and only by such a change that the CAS fails, or finds what was written true again.
//
// Killed before the CAS nothing has happened: what was written to Held counts for nothing while the word has the account.
// accounts is held consistent (C): a death frees it.
type Bounded struct {
	_        structs.HostLayout
	word     atomic.Uint64
	accounts Lock
	bound    uint32
	_        uint32
}

// Seat is the place of a process at a Bounded.
type Seat struct {
	Slot   uint32 // below 1024
	Me     uint32 // what it writes into the words of locks: see Holder
	Held   []atomic.Uint32
	Parker park.Parker
	Spin   *park.Spin // for permits
	spin   park.Spin  // for accounts
}

// Init sets the bound, and as many permits, before anybody else knows of the semaphore.
func (b *Bounded) Init(bound uint32) {
	b.bound = bound
	b.word.Store(uint64(bound))
}

// Bound is how many permits there are in all.
func (b *Bounded) Bound() uint32 { return b.bound }

// Value is the number of permits left.
func (b *Bounded) Value() uint32 { return uint32(b.word.Load()) & permitMask }

// Waited tells whether somebody may sleep.
func (b *Bounded) Waited() bool { return uint32(b.word.Load()) == permitSleepers }

// Acquire takes a permit if there is one, the account is that of slot, and nobody else comes between. It inlines: one CAS.
func (b *Bounded) Acquire(slot uint32) bool {
	v := b.word.Load()
	return uint32(v)-1 < permitMask && slotIn(v) == slot && b.word.CompareAndSwap(v, v-1+1<<boundedHeldAt)
}

// Release gives a permit back if nobody sleeps, the account is that of slot, and nobody else comes between. It inlines:
// one CAS.
func (b *Bounded) Release(slot uint32) bool {
	v := b.word.Load()
	return uint32(v) != permitSleepers && slotIn(v) == slot && heldIn(v) != 0 && b.word.CompareAndSwap(v, v+1-1<<boundedHeldAt)
}

// TryAcquireSlow takes a permit if there is one.
func (b *Bounded) TryAcquireSlow(s *Seat) bool {
	_, err := b.move(context.Background(), s, transfer{take: 1})
	return err == nil
}

// AcquireSlow takes a permit, waiting if it must, or returns ctx's error. If there is a permit, and no other process is just
// taking or releasing one, the end of ctx does not matter: success wins.
func (b *Bounded) AcquireSlow(ctx context.Context, s *Seat) error {
	return awaitPermit(ctx, b.permits(), s.Parker, s.Spin, func(slept bool) (uint32, error) {
		was, err := b.move(ctx, s, transfer{take: 1, slept: slept})
		return was - 1, err
	})
}

// ReleaseSlow gives n permits back and wakes sleepers, or says why it cannot: nothing has happened then.
func (b *Bounded) ReleaseSlow(n uint32, s *Seat) error {
	was, err := b.move(context.Background(), s, transfer{give: n})
	if err == nil && was == permitSleepers {
		s.Parker.Wake(b.permits(), int(n))
	}
	return err
}

// transfer is between the permits left and the account of a process.
type transfer struct {
	take, give uint32 // one of them is 0
	slept      bool
}

func (t transfer) apply(low, held, bound uint32) (nextLow, nextHeld uint32, err error) {
	switch left := low & permitMask; {
	case t.take > left:
		return 0, 0, errNoPermit
	case t.take > 0:
		return lessOne(low, t.slept), held + 1, nil
	case t.give > bound-left:
		return 0, 0, ErrOverBound
	case t.give > held:
		return 0, 0, ErrOthersPermit
	default:
		return left + t.give, held - t.give, nil
	}
}

// move makes a transfer for the process of s. It returns the permit word as it was before.
func (b *Bounded) move(ctx context.Context, s *Seat, t transfer) (was uint32, err error) {
	for {
		v := b.word.Load()
		switch {
		case t.take > uint32(v)&permitMask:
			return 0, errNoPermit // whosever account it is
		case slotIn(v) != s.Slot:
			return b.moveAway(ctx, s, t)
		}
		low, held, err := t.apply(uint32(v), heldIn(v), b.bound)
		if err != nil {
			return 0, err
		}
		failpoint.Hit("bounded: moving")
		if b.word.CompareAndSwap(v, boundedWord(low, s.Slot, held)) {
			failpoint.Hit("bounded: moved")
			return uint32(v), nil
		}
	}
}

// moveAway is move for a process whose account does not lie in the word.
func (b *Bounded) moveAway(ctx context.Context, s *Seat, t transfer) (was uint32, err error) {
	if !b.accounts.TryLock(s.Me) {
		if err := b.accounts.LockSlow(ctx, s.Me, s.Parker, &s.spin); err != nil {
			return 0, err
		}
	}
	defer b.unlock(s)
	for {
		v := b.word.Load()
		low, held, err := t.apply(uint32(v), b.account(v, s.Slot, s.Held), b.bound)
		if err != nil {
			return 0, err
		}
		failpoint.Hit("bounded: account written")
		if b.word.CompareAndSwap(v, boundedWord(low, s.Slot, held)) {
			failpoint.Hit("bounded: account moved")
			return uint32(v), nil
		}
	}
}

// account is how many permits a slot's process holds. If the word, which is v, has another's account, that is written to
// Held: the caller, who holds accounts, is about to put the slot's there.
func (b *Bounded) account(v uint64, slot uint32, held []atomic.Uint32) uint32 {
	if slotIn(v) == slot {
		return heldIn(v)
	}
	held[slotIn(v)].Store(heldIn(v))
	return held[slot].Load()
}

func (b *Bounded) unlock(s *Seat) {
	if !b.accounts.Unlock(s.Me) {
		if err := b.accounts.UnlockSlow(s.Me, s.Parker); err != nil {
			panic(err)
		}
	}
}
