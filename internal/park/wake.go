package park

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp/internal/sys"
)

func (p *Shared) mask(bucket uint32) *atomic.Uint64 { return &p.board.Masks[bucket].Bits[p.slot/64] }
func (p *Shared) maskBit() uint64                   { return 1 << (p.slot % 64) }

// Wake is Parker's. n counts processes: the leader that is released promotes the next of its own.
// The bells are rung in any case: overflow waiters would starve behind direct ones.
func (p *Shared) Wake(w *atomic.Uint32, n int) Woke {
	woke := Nobody
	if sys.FutexWake(w, n, sys.AllBits) > 0 {
		woke = Somebody
	}
	bucket := hashOffset(offset(p.base, w)) % Buckets
	for i := range p.board.Masks[bucket].Bits {
		m := p.board.Masks[bucket].Bits[i].Load()
		for ; m != 0; m &= m - 1 {
			p.ring(uint32(i*64+bits.TrailingZeros64(m)), bucket)
			woke = max(woke, Perhaps)
		}
	}
	return woke
}

func (p *Shared) ring(slot, bucket uint32) {
	bell := &p.board.Bells[slot]
	bell.Buckets[bucket/64].Or(1 << (bucket % 64))
	bell.Seq.Add(1)
	sys.FutexWake(&bell.Seq, 1, sys.AllBits)
}

// dispatch releases overflow leaders when the bell rings. It never ends: a process that once had more than
// Direct words to sleep on will have them again.
func (p *Shared) dispatch() {
	bell := &p.board.Bells[p.slot]
	for {
		seq := bell.Seq.Load()
		for i := range bell.Buckets {
			for m := bell.Buckets[i].Swap(0); m != 0; m &= m - 1 {
				p.release(&p.shards[i*64+bits.TrailingZeros64(m)])
			}
		}
		// The futex call keeps the P until sysmon takes it: whom we just made ready would wait for that.
		runtime.Gosched()
		if bell.Seq.Load() == seq {
			sys.FutexWait(&bell.Seq, seq, sys.AllBits)
		}
	}
}

// release lets the shard's overflow leaders go that are no longer blocked, and kicks direct ones that
// should have been woken.
func (p *Shared) release(s *shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w, q := range s.queues {
		l := q.leader
		if l == nil || l.blocked(w.Load(), l.seen) {
			continue
		}
		switch {
		case l.over:
			select {
			case l.signal <- struct{}{}:
			default: // released already
			}
		case l.direct:
			sys.FutexWake(w, All, p.bit)
		}
	}
}

// since notes for the looker when those were first seen asleep that are: late by up to a Tick.
func (p *Shared) since() {
	now := sys.Monotonic()
	waits := &p.board.Bells[p.slot].Waits
	for i := range waits {
		if waits[i].Word.Load() != 0 {
			waits[i].Since.CompareAndSwap(0, now)
		}
	}
}

// startTick has a goroutine look after the sleepers, unless there is one.
func (p *Shared) startTick() {
	if p.ticking.Load() || !p.ticking.CompareAndSwap(false, true) {
		return
	}
	go func() {
		t := time.NewTicker(Tick)
		defer t.Stop()
		for range t.C {
			if p.sleepers.Load() == 0 {
				p.ticking.Store(false)
				// Somebody may have come between the two lines, and seen a tick that was about to end.
				if p.sleepers.Load() == 0 || !p.ticking.CompareAndSwap(false, true) {
					return
				}
			}
			p.tick()
			p.since()
			for i := range p.shards {
				p.release(&p.shards[i])
			}
		}
	}()
}
