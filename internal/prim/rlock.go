package prim

import (
	"context"
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// RLock is the state of a lock that its holder may take again: 24 bytes, zero is free.
//
//	 63                       32 31                      0
//	┌───────────────────────────┬─────────────────────────┐  the low half is what Lock.word is: waiters sleep on it,
//	│ token of who holds it     │ id of its process, A, W │  and the slow paths are those of Lock
//	└───────────────────────────┴─────────────────────────┘
//
//	free         0 | W?            anybody may take it
//	taken        0 | id|W?|C?      one step of a slow path before or behind held
//	held         token | id|W?|C?  only the party with that token frees it
//	abandoned    0 | id|A          only Recover moves it
//
// The fast paths are one 64-bit CAS each: free to held without W, and back. A slow path takes the low half as Lock
// does, and then writes the token; it clears the token, and then gives the low half back. So whoever finds a token
// finds it beside its own process, and a lock that is free or abandoned has none: also after a death, as Died clears
// the token of the dead before it touches the low half. One load tells process and party, never of different holders.
//
// The two sizes meet on the same memory. Each operation of either size is atomic on the bytes that it has: a 32-bit
// CAS announces a waiter beside any token, and the 64-bit CAS of an unlock fails if one did. What must not be is a
// 64-bit store that carries an old low half along, so the token is written by Or and And. Both sizes begin at the same
// address, by which the race detector knows them: an unlock of one size comes before a lock of the other.
//
// again counts the levels beyond the first, for lookers; the holder alone writes it, and it is 0 unless the lock is held.
type RLock struct {
	_     structs.HostLayout
	word  atomic.Uint64
	woken atomic.Uint32 // as in Lock
	again uint32

	starving atomic.Uint32 // as in Lock
	_        uint32
}

func (r *RLock) words() words { return words{low(&r.word), &r.woken, &r.starving} }

const lowHalf = 1<<32 - 1

// Party is one who may hold an RLock, in one goroutine at a time. It knows by itself whether it does: the token in the
// word is for others. So two parties with one token, of which there are some after 2³² parties, still exclude each other.
type Party struct {
	me     uint64 // its token, and what Holder made for its process
	levels uint32 // how many times it has the lock; torn
}

// torn, in levels: a section has ended in the middle, and the lock will be abandoned when it is given back.
const torn uint32 = 1 << 31

// NewParty makes a party of a process. me is what Holder made for that.
func NewParty(token, me uint32) Party { return Party{me: uint64(token)<<32 | uint64(me)} }

// Depth is how many times the party holds its lock.
func (p *Party) Depth() int { return int(p.levels &^ torn) }

// Torn tells whether the lock will be abandoned when the party gives it back.
func (p *Party) Torn() bool { return p.levels >= torn }

// Tokens gives the parties of a process their tokens.
type Tokens struct{ last atomic.Uint32 }

// Next is never 0, and repeats itself after 2³² calls.
func (t *Tokens) Next() uint32 {
	for {
		if n := t.last.Add(1); n != 0 {
			return n
		}
	}
}

// TryLock takes the lock if it is free and nobody sleeps, by one CAS, or once more if the party has it. It inlines.
func (r *RLock) TryLock(p *Party) bool {
	switch n := p.levels; {
	case n == 0:
		if !r.word.CompareAndSwap(0, p.me) {
			return false
		}
	case n < torn:
		r.again = n
	default:
		return false
	}
	p.levels++
	return true
}

// TryLockSlow takes the lock if it is free, or returns ErrAbandoned: also to the party that has torn it.
func (r *RLock) TryLockSlow(p *Party) (bool, error) {
	if p.levels != 0 {
		return false, ErrAbandoned
	}
	ok, err := r.words().tryLock(uint32(p.me))
	if ok {
		r.sign(p)
	}
	return ok, err
}

// LockSlow takes the lock as Lock.LockSlow does, after a TryLock that did not.
func (r *RLock) LockSlow(ctx context.Context, p *Party, via park.Parker, spin *park.Spin) error {
	if p.levels != 0 {
		return ErrAbandoned // by the party itself, which has it still
	}
	err := r.words().lock(ctx, uint32(p.me), via, spin)
	if err == nil {
		r.sign(p)
	}
	return err
}

// sign puts the token beside the low half that has just been taken.
func (r *RLock) sign(p *Party) {
	failpoint.Hit("rlock: taken")
	r.word.Or(p.me &^ lowHalf)
	failpoint.Hit("rlock: signed")
	p.levels = 1
}

// Unlock leaves one level. With the last one it gives the lock back, by one CAS, unless somebody sleeps. It inlines.
func (r *RLock) Unlock(p *Party) bool {
	switch n := p.levels; {
	case n == 1:
		if !r.word.CompareAndSwap(p.me, 0) {
			return false
		}
	case n-1 < torn-1:
		r.again = n - 2
	default:
		return false
	}
	p.levels--
	return true
}

// UnlockSlow does what Unlock did not: it gives the lock back to the next, or abandoned if it is torn. It returns
// ErrNotParty if the party does not hold it.
func (r *RLock) UnlockSlow(p *Party, via park.Parker) error {
	switch p.levels {
	case 0:
		return ErrNotParty
	case 1:
		r.clear(p)
		return r.words().unlock(uint32(p.me), via)
	case torn | 1:
		r.clear(p)
		r.words().abandon(uint32(p.me), via)
	default:
		p.levels--
		r.again = p.levels&^torn - 1
	}
	return nil
}

// clear takes the token away, before the low half is given back.
func (r *RLock) clear(p *Party) {
	p.levels = 0
	failpoint.Hit("rlock: leaving")
	r.word.And(lowHalf)
	failpoint.Hit("rlock: token cleared")
}
