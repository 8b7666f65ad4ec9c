package arena

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
)

// places says which of a process's limbo places its goroutines have taken. It lies in the process: what the
// arena says of them is for the sweep. The zero places is ready, all free.
type places struct {
	taken   atomic.Uint64 // a bit a place
	waiting atomic.Int32
	mu      sync.Mutex
	freed   sync.Cond
}

const _ = uint(LimboSize-64) + uint(64-LimboSize) // a bit a place

// take gives a place, waiting while all are taken.
func (p *places) take() uint32 {
	if k, ok := p.try(); ok {
		return k
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.freed.L = &p.mu
	p.waiting.Add(1) // before the look: whoever frees a place after it sees us
	defer p.waiting.Add(-1)
	for {
		if k, ok := p.try(); ok {
			return k
		}
		p.freed.Wait()
	}
}

func (p *places) try() (uint32, bool) {
	for {
		v := p.taken.Load()
		k := bits.TrailingZeros64(^v)
		if k == LimboSize {
			return 0, false
		}
		if p.taken.CompareAndSwap(v, v|1<<k) {
			return uint32(k), true
		}
	}
}

func (p *places) put(k uint32) {
	p.taken.And(^(uint64(1) << k))
	if p.waiting.Load() > 0 {
		p.mu.Lock()
		p.freed.Signal()
		p.mu.Unlock()
	}
}

// place is the word of one of this process's limbo places.
func (a *Arena) place(k uint32) *uint64 { return &a.Slot(a.slot).Limbo[k] }

// publish moves a block from our hand to a word of the arena, where others find it.
func (a *Arena) publish(b block, to *uint64) {
	failpoint.Hit("heap: publishing")
	a.lock()
	t := a.begin()
	t.Set(to, uint64(b.at))
	t.Set(a.place(b.place), 0)
	t.Commit()
	a.unlock()
	a.limbo.put(b.place)
}

// free empties a word that a block was published in, and frees the block; 0 is none.
func (a *Arena) free(from *uint64) {
	k := a.limbo.take()
	a.retire(from, a.place(k), a.lock)
	a.limbo.put(k)
}

// discard frees a block in our hand.
func (a *Arena) discard(b block) {
	place := a.place(b.place)
	a.retire(place, place, a.lock)
	a.limbo.put(b.place)
}

// retire empties the word from and frees the block that it held. A run goes through place, as its memory is
// given back without the lock. from may be place itself. lock is the caller's way of locking.
func (a *Arena) retire(from, place *uint64, lock func()) {
	if a.takeOut(from, place, lock) {
		failpoint.Hit("heap: run in limbo")
		a.freeRun(place, lock)
	}
}

func (a *Arena) takeOut(from, place *uint64, lock func()) (run bool) {
	lock()
	defer a.unlock()
	block := Offset(*from &^ LimboObject)
	if block == 0 {
		return false
	}
	t := a.begin()
	t.Set(from, 0)
	run = t.detach(block, place)
	t.Commit()
	return run
}

// freeHeap ends the transaction that a dead process was in, and frees the heap lock. It takes no lock, and does nothing
// if the dead does not have that one.
func (a *Arena) freeHeap(id uint32) {
	l := &a.Heap().Lock
	if holder, _ := l.HeldBy(); holder == id {
		a.replay()
	}
	l.Died(id, a.park, func() {})
}

// sweepLimbo frees the blocks that a dead process had in hand. No transaction that moves one there is still to be made good:
// its own is, and that of an earlier sweeper too, who was seized first.
func (a *Arena) sweepLimbo(slot uint32) {
	limbo := &a.Slot(slot).Limbo
	for k := range limbo {
		switch v := limbo[k]; {
		case v&LimboObject != 0:
			a.dismantle(&limbo[k], a.lockSweeping)
		case v != 0:
			a.retire(&limbo[k], &limbo[k], a.lockSweeping)
		}
	}
}
