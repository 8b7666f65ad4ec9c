package park

import (
	"context"
	"math/bits"
	"runtime"

	"github.com/multiproc/mp/internal/sys"
)

// lead sleeps on behalf of all waiters of the word in this process.
func (p *Shared) lead(ctx context.Context, s *shard, bucket uint32, me *waiter) error {
	place := p.takePlace()
	if place < 0 {
		return p.leadOverflow(ctx, s, bucket, me)
	}
	defer p.givePlace(place)
	wait := &p.board.Bells[p.slot].Waits[place]
	wait.Since.Store(0) // the tick fills it in: who sleeps for less needs no clock
	wait.Word.Store(offset(p.base, me.w))
	err := p.leadDirect(ctx, s, me)
	wait.Word.Store(0)
	return err
}

// takePlace takes one of the Direct places in the kernel; -1 if there is none.
func (p *Shared) takePlace() int {
	for {
		used := p.places.Load()
		free := bits.TrailingZeros32(^used)
		if free >= Direct {
			return -1
		}
		if p.places.CompareAndSwap(used, used|1<<free) {
			return free
		}
	}
}

func (p *Shared) givePlace(place int) { p.places.And(^(uint32(1) << place)) }

// leadDirect sleeps in the kernel.
func (p *Shared) leadDirect(ctx context.Context, s *shard, me *waiter) error {
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { p.kick(me) })
		defer func() {
			if !stop() {
				<-me.kicked // the kicker must be done with me before me is used again
			}
		}()
	}
	s.setDirect(me, true)
	// Once, not in a loop: whoever was woken must tell its caller, who may have to hand the wake-up on.
	if now := me.w.Load(); me.blocked(now, me.seen) && !me.cancelled.Load() {
		sys.FutexWait(me.w, now, p.bit)
	}
	me.gone.Store(true)
	s.setDirect(me, false)
	if me.blocked(me.w.Load(), me.seen) {
		return ctx.Err() // a release that can be seen wins
	}
	return nil
}

func (s *shard) setDirect(me *waiter, on bool) {
	s.mu.Lock()
	me.direct = on
	s.mu.Unlock()
}

// kick gets a cancelled leader out of the kernel. The leader may be between its look at the flag and its
// sleep, so one wake-up is not enough: kick repeats until the leader says that it is out. Leaders of other
// processes that share the bit wake too, look, and sleep again.
func (p *Shared) kick(me *waiter) {
	me.cancelled.Store(true)
	for !me.gone.Load() {
		sys.FutexWake(me.w, All, p.bit)
		sys.Yield() // the leader may be waiting for this CPU
		runtime.Gosched()
	}
	me.kicked <- struct{}{}
}

// leadOverflow sleeps on a channel, known to other processes by a bit in the bucket's mask.
func (p *Shared) leadOverflow(ctx context.Context, s *shard, bucket uint32, me *waiter) error {
	p.bell.Do(func() { go p.dispatch() })
	p.setOverflow(s, bucket, me)
	p.board.Bells[p.slot].Others.Add(1)

	var err error
	if me.blocked(me.w.Load(), me.seen) { // the last look comes after the bit
		select {
		case <-me.signal:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}

	p.board.Bells[p.slot].Others.Add(^uint32(0))
	p.clearOverflow(s, bucket, me)
	if err != nil && !me.blocked(me.w.Load(), me.seen) {
		return nil
	}
	return err
}

func (p *Shared) setOverflow(s *shard, bucket uint32, me *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	me.over = true
	if s.over++; s.over == 1 {
		p.mask(bucket).Or(p.maskBit())
	}
}

// clearOverflow may find a leader that never was in overflow: a Vigil's that was promoted.
func (p *Shared) clearOverflow(s *shard, bucket uint32, me *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !me.over {
		return
	}
	me.over = false
	if s.over--; s.over == 0 {
		p.mask(bucket).And(^p.maskBit())
	}
	select {
	case <-me.signal: // released while leaving
	default:
	}
}
