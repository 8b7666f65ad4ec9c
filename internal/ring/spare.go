package ring

import (
	"context"

	"github.com/multiproc/mp/internal/failpoint"
)

// MaxSpares is how many blocks are kept for the next message, and keptSizes how much room they have together, in sizes of the ring.
// Of one that is larger alone this one is kept. A new block costs several times what it costs to fill a kept one: its memory is
// got from the kernel, zeroed, and mapped page by page.
const (
	MaxSpares = 14
	keptSizes = 4
)

// Hold gives a block for a message of n bytes, which are rubbish: it is in this process's hand. Killed with it, it is freed. Its
// error is the store's, if there is no memory for it.
func (r *Ring) Hold(u *User, n int) (Message, error) {
	if r.Corrupt() {
		return Message{}, r.refuse()
	}
	at, err := r.pick(u, uint64(n))
	if err != nil {
		return Message{}, err
	}
	if at == 0 {
		mine := func(b *Block) {
			b.Ring = u.Number
			b.Owner.Store(u.ID)
		}
		if at, err = u.Store.Extend(uint64(n), mine); err != nil && r.trim(u) {
			at, err = u.Store.Extend(uint64(n), mine)
		}
		if err != nil {
			return Message{}, err
		}
	}
	failpoint.Hit("ring: block in hand")
	_, room := u.Store.Block(at)
	return Message{room[:n:n], at}, nil
}

// Release gives back the block of a message that was not put, or was taken; the bytes must not be used any more. Of a message
// without a block it does nothing.
func (r *Ring) Release(u *User, m Message) {
	if m.block == 0 {
		return
	}
	var out [MaxSpares]uint64
	kept, n := r.keep(u, m.block, &out)
	failpoint.Hit("ring: block given back")
	if !kept {
		u.Store.Shrink(m.block)
	}
	for _, at := range out[:n] {
		u.Store.Shrink(at)
	}
}

// pick takes the smallest spare that has room for n bytes; 0: there is none.
func (r *Ring) pick(u *User, n uint64) (best uint64, err error) {
	if err := r.lock(context.Background(), u, &r.B, &u.spinB); err != nil {
		return 0, err
	}
	var block *Block
	where, least := 0, uint64(0)
	for i, at := range r.Spares {
		if b, room := r.spareAt(u, i); b != nil && room >= n && (best == 0 || room < least) {
			block, where, best, least = b, i, at, room
		}
	}
	if best != 0 {
		r.takeSpare(u, where, block)
	}
	r.unlockSpares(u)
	r.trimIfShut(u)
	return best, nil
}

// spareAt is a block in Spares, and its room; nil if it is no spare, as who took it, or was about to keep it, has died. B is held.
func (r *Ring) spareAt(u *User, i int) (b *Block, room uint64) {
	if r.Spares[i] == 0 {
		return nil, 0
	}
	b, bytes := u.Store.Block(r.Spares[i])
	if b == nil || b.Ring != u.Number || b.Owner.Load() != Spare {
		r.Spares[i] = 0
		return nil, 0
	}
	return b, uint64(len(bytes))
}

// takeSpare takes a spare in hand. B is held.
func (r *Ring) takeSpare(u *User, i int, b *Block) (at uint64) {
	at = r.Spares[i]
	b.Owner.Store(u.ID)
	failpoint.Hit("ring: spare in hand")
	r.Spares[i] = 0
	return at
}

// keep makes the block in our hand a spare, and tells which ones have to go for it: they are in our hand then. Of a ring that is shut
// none are kept.
func (r *Ring) keep(u *User, at uint64, out *[MaxSpares]uint64) (kept bool, n int) {
	b, bytes := u.Store.Block(at)
	if b == nil || r.Tail.shut() || r.lock(context.Background(), u, &r.B, &u.spinB) != nil {
		return false, 0
	}
	defer r.trimIfShut(u)
	defer r.unlockSpares(u)
	free, sum := -1, uint64(len(bytes))
	for i := range r.Spares {
		if spare, room := r.spareAt(u, i); spare != nil {
			sum += room
		} else {
			free = i
		}
	}
	for range MaxSpares {
		if free >= 0 && sum <= max(keptSizes*wordSize*u.words, uint64(len(bytes))) {
			break
		}
		i := int(r.turn % MaxSpares)
		r.turn++
		if spare, room := r.spareAt(u, i); spare != nil {
			out[n] = r.takeSpare(u, i, spare)
			n, sum = n+1, sum-room
		}
		free = i
	}
	r.Spares[free] = at
	failpoint.Hit("ring: block among the spares")
	b.Owner.Store(Spare)
	failpoint.Hit("ring: block spared")
	return true, n
}

// trimIfShut is for who has freed B: the ring may have been shut meanwhile, and its spares not freed for want of B.
func (r *Ring) trimIfShut(u *User) {
	if r.Tail.shut() {
		r.trim(u)
	}
}

// trim frees all spares, and tells whether there were any. It does not wait for B, as a sweep may have called it.
func (r *Ring) trim(u *User) (some bool) {
	if ok, _ := r.B.TryLockSlow(u.me); !ok {
		return false
	}
	var out [MaxSpares]uint64
	for i := range r.Spares {
		if b, _ := r.spareAt(u, i); b != nil {
			out[i], some = r.takeSpare(u, i, b), true
		}
	}
	r.unlockSpares(u)
	for _, at := range out {
		if at != 0 {
			failpoint.Hit("ring: giving a spare back")
			u.Store.Shrink(at)
		}
	}
	return some
}

// unlockSpares frees B. Somebody may have wanted it, and H, for a reclaiming, and gone on without it.
func (r *Ring) unlockSpares(u *User) {
	r.unlock(u, &r.B)
	r.Reclaim(u)
}
