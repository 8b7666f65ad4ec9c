package park

import (
	"sync/atomic"
)

// Watch is a word that somebody sleeps on, among others. Seen and Blocked are Park's.
type Watch struct {
	Word    *atomic.Uint32
	Seen    uint32
	Blocked Blocked
}

// Vigil is a sleep on several words at a time.
type Vigil struct {
	park    *Shared
	signal  chan struct{}
	waiters []waiter
}

// Watch begins to watch. signal, of capacity 1, gets a value once one of the words is no longer blocked, as far as Park
// would return; there may be one without reason. End must follow. Each watch is a leader in overflow, or a follower: none is in
// the kernel, so that a Vigil over any number of words costs no thread, and about 0.2 µs a word.
func (p *Shared) Watch(watches []Watch, signal chan struct{}) *Vigil {
	v := &Vigil{park: p, signal: signal, waiters: make([]waiter, len(watches))}
	p.bell.Do(func() { go p.dispatch() })
	p.sleepers.Add(1)
	p.startTick()
	p.board.Bells[p.slot].Others.Add(uint32(len(watches)))
	for i, w := range watches {
		me := &v.waiters[i]
		me.w, me.seen, me.blocked, me.signal = w.Word, w.Seen, w.Blocked, signal
		s, bucket := p.shard(me.w)
		leads, waits := s.enter(me, false)
		if leads {
			p.setOverflow(s, bucket, me)
			waits = me.blocked(me.w.Load(), me.seen) // the last look comes after the bit
		} else if !waits {
			me.w = nil // not in the queue
		}
		if !waits {
			v.tell()
		}
	}
	return v
}

func (v *Vigil) tell() {
	select {
	case v.signal <- struct{}{}:
	default:
	}
}

// End ends the watch; signal is empty then, and gets nothing any more.
func (v *Vigil) End() {
	p := v.park
	for i := range v.waiters {
		me := &v.waiters[i]
		if me.w == nil {
			continue
		}
		s, bucket := p.shard(me.w)
		if !s.withdraw(me) {
			p.clearOverflow(s, bucket, me)
			s.leave(me)
		}
	}
	p.board.Bells[p.slot].Others.Add(-uint32(len(v.waiters)))
	p.sleepers.Add(-1)
	select {
	case <-v.signal:
	default:
	}
}

// withdraw takes a follower out of its queue; false: it leads.
func (s *shard) withdraw(me *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[me.w]
	if q.leader == me {
		return false
	}
	q.unlink(me)
	return true
}
