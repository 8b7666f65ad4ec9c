package park

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/multiproc/mp/internal/sys"
)

// Shared parks goroutines on words in memory that several processes map.
//
// In each process the first waiter of a word is its leader, and the others follow it in order. Only
// leaders are known to other processes. At most Direct leaders sleep each in a futex of their own: a
// wake-up costs one system call. The leaders beyond (overflow) are goroutines on channels: they set the
// process's bit in the mask of the word's bucket, and whoever wakes a word with a bit set rings the bell
// of that process, whose one dispatcher then releases the leaders that are no longer blocked.
//
//	following --promoted--> leading --not blocked, or cancelled--> gone, having promoted the next
//
// A leader that goes, for whatever reason, promotes the next follower. That one looks at the word, and
// either goes as well, to decide anew, or leads. So a word with waiters in a process always has a leader
// who sleeps there or is about to look.
//
// A leader publishes itself (futex queue or mask) before its last look at the word, and a waker changes
// the word before it looks for leaders: one of the two sees the other.
type Shared struct {
	base  sys.Address
	board *Board
	slot  uint32
	bit   uint32 // the futex mask of this process's leaders
	tick  func() // called every Tick while somebody sleeps

	places   atomic.Uint32 // bit i: Waits[i] is taken by a leader in the kernel
	sleepers atomic.Int32  // everybody between enter and leave
	ticking  atomic.Bool
	bell     sync.Once
	shards   [Buckets]shard
}

type shard struct {
	mu     sync.Mutex
	queues map[*atomic.Uint32]*queue
	spare  *queue // the last that was emptied, for the next
	over   int    // overflow leaders: while > 0 the process's bit in the mask is set
	_      [24]byte
}

// queue is a word's waiters in this process, under its shard's mutex.
type queue struct {
	leader      *waiter
	first, last *waiter
}

type waiter struct {
	w         *atomic.Uint32
	seen      uint32
	blocked   Blocked
	next      *waiter
	signal    chan struct{} // capacity 1: promoted, or as an overflow leader released
	cancelled atomic.Bool
	gone      atomic.Bool   // no longer in the kernel
	kicked    chan struct{} // capacity 1: the kicker has finished
	direct    bool          // set before sleeping in the kernel; under the shard's mutex
	over      bool          // an overflow leader; under the shard's mutex
}

var _ Parker = (*Shared)(nil)

// NewShared makes the parker of the process in the given slot. base is where the shared memory is mapped,
// board lies in it. tick is called every Tick while somebody sleeps, from a goroutine of the parker.
func NewShared(base sys.Address, board *Board, slot uint32, tick func()) *Shared {
	return &Shared{base: base, board: board, slot: slot, bit: 1 << (slot % 31), tick: tick}
}

func (p *Shared) shard(w *atomic.Uint32) (*shard, uint32) {
	b := hashOffset(offset(p.base, w)) % Buckets
	return &p.shards[b], b
}

var waiters = sync.Pool{New: func() any { return &waiter{signal: make(chan struct{}, 1), kicked: make(chan struct{}, 1)} }}

// Park is Parker's.
func (p *Shared) Park(ctx context.Context, w *atomic.Uint32, seen uint32, blocked Blocked) error {
	return p.sleep(ctx, w, seen, blocked, false)
}

// ParkAgain is Parker's.
func (p *Shared) ParkAgain(ctx context.Context, w *atomic.Uint32, seen uint32, blocked Blocked) error {
	return p.sleep(ctx, w, seen, blocked, true)
}

func (p *Shared) sleep(ctx context.Context, w *atomic.Uint32, seen uint32, blocked Blocked, again bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	me := waiters.Get().(*waiter)
	me.w, me.seen, me.blocked = w, seen, blocked
	p.sleepers.Add(1)
	p.startTick()
	err := p.park(ctx, me, again)
	p.sleepers.Add(-1)
	me.w, me.blocked, me.next, me.direct, me.over = nil, nil, nil, false, false
	me.cancelled.Store(false)
	me.gone.Store(false)
	waiters.Put(me)
	return err
}

func (p *Shared) park(ctx context.Context, me *waiter, again bool) error {
	s, bucket := p.shard(me.w)
	leads, waits := s.enter(me, again)
	if !waits {
		return nil
	}
	if !leads {
		p.board.Bells[p.slot].Others.Add(1)
		err := p.follow(ctx, s, me)
		p.board.Bells[p.slot].Others.Add(^uint32(0))
		if err != nil {
			return err
		}
	}
	err := error(nil)
	if me.blocked(me.w.Load(), me.seen) {
		err = p.lead(ctx, s, bucket, me)
	}
	s.leave(me)
	return err
}

// enter makes me the leader of its word, or the last of the followers; the first, if it was woken before. Who would follow
// though it is no longer blocked does not wait at all: the leader may have seen a later value than me, and sleep on.
// So nobody is behind somebody who has seen a later one, and the leader answers for all.
func (s *shard) enter(me *waiter, again bool) (leads, waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[me.w]
	if q == nil {
		if s.queues == nil {
			s.queues = make(map[*atomic.Uint32]*queue)
		}
		q = s.spare
		if q == nil {
			q = new(queue)
		}
		s.spare, q.leader = nil, me
		s.queues[me.w] = q
		return true, true
	}
	if !me.blocked(me.w.Load(), me.seen) {
		return false, false
	}
	switch {
	case q.last == nil:
		q.first, q.last = me, me
	case again:
		me.next, q.first = q.first, me
	default:
		q.last.next, q.last = me, me
	}
	return false, true
}

// follow waits until me is promoted, or ctx ends while me is still a follower.
func (p *Shared) follow(ctx context.Context, s *shard, me *waiter) error {
	select {
	case <-me.signal:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	q := s.queues[me.w]
	if q.leader == me { // promoted in the meantime: lead, and find the end of ctx there
		s.mu.Unlock()
		<-me.signal
		return nil
	}
	q.unlink(me)
	s.mu.Unlock()
	return ctx.Err()
}

// unlink takes a follower out.
func (q *queue) unlink(me *waiter) {
	var before *waiter
	for at := q.first; at != me; at = at.next {
		before = at
	}
	if before == nil {
		q.first = me.next
	} else {
		before.next = me.next
	}
	if q.last == me {
		q.last = before
	}
}

// leave ends me's leadership and promotes the next.
func (s *shard) leave(me *waiter) {
	s.mu.Lock()
	q := s.queues[me.w]
	next := q.first
	q.leader = next
	if next == nil {
		delete(s.queues, me.w)
		s.spare = q
	} else {
		if q.first = next.next; q.first == nil {
			q.last = nil
		}
		next.next = nil
		select {
		case next.signal <- struct{}{}:
		default: // a Vigil that will look anyhow; a follower's own channel is empty
		}
	}
	s.mu.Unlock()
}
