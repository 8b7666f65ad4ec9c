package park

import (
	"context"
	"sync"
	"sync/atomic"
)

const localShards = 64

// Local parks goroutines of this process on words of its heap. The zero Local is ready. It sleeps on
// channels that the waiter makes, so that it works inside a testing/synctest bubble. Waiters of a word are
// released in the order in which they came.
type Local struct {
	shards [localShards]localShard
}

type localShard struct {
	mu    sync.Mutex
	heads map[*atomic.Uint32]*localWaiter
}

// localWaiter is one sleeping goroutine in the list of its word. All fields are its shard's.
type localWaiter struct {
	released   chan struct{} // closed by whoever took the waiter out of the list
	next, tail *localWaiter  // tail is valid in the head only
	queued     bool
}

// Heap is the parker of all words on this process's heap.
var Heap Local

var _ Parker = (*Local)(nil)

func (l *Local) shard(w *atomic.Uint32) *localShard {
	return &l.shards[hashPointer(w)%localShards]
}

// Park is Parker's.
func (l *Local) Park(ctx context.Context, w *atomic.Uint32, seen uint32, blocked Blocked) error {
	return l.sleep(ctx, w, seen, blocked, false)
}

// ParkAgain is Parker's.
func (l *Local) ParkAgain(ctx context.Context, w *atomic.Uint32, seen uint32, blocked Blocked) error {
	return l.sleep(ctx, w, seen, blocked, true)
}

func (l *Local) sleep(ctx context.Context, w *atomic.Uint32, seen uint32, blocked Blocked, again bool) error {
	s := l.shard(w)
	s.mu.Lock()
	if !blocked(w.Load(), seen) { // a Wake after this look will find us in the list
		s.mu.Unlock()
		return nil
	}
	me := &localWaiter{released: make(chan struct{}), queued: true}
	s.push(w, me, again)
	s.mu.Unlock()

	select {
	case <-me.released:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !me.queued {
		return nil // released in the meantime: the wake-up is ours and must not be lost
	}
	s.remove(w, me)
	return ctx.Err()
}

// Wake is Parker's; it releases exactly n if there are as many.
func (l *Local) Wake(w *atomic.Uint32, n int) Woke {
	s := l.shard(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	woke := Nobody
	for ; n > 0; n-- {
		head := s.heads[w]
		if head == nil {
			break
		}
		s.remove(w, head)
		close(head.released)
		woke = Somebody
	}
	return woke
}

func (s *localShard) push(w *atomic.Uint32, me *localWaiter, first bool) {
	if s.heads == nil {
		s.heads = make(map[*atomic.Uint32]*localWaiter)
	}
	head := s.heads[w]
	if head == nil {
		me.tail = me
		s.heads[w] = me
		return
	}
	if first {
		me.next, me.tail = head, head.tail
		s.heads[w] = me
		return
	}
	head.tail.next, head.tail = me, me
}

func (s *localShard) remove(w *atomic.Uint32, me *localWaiter) {
	me.queued = false
	head := s.heads[w]
	if head == me {
		if me.next == nil {
			delete(s.heads, w)
			return
		}
		me.next.tail = me.tail
		s.heads[w] = me.next
		return
	}
	for at := head; at != nil; at = at.next {
		if at.next == me {
			at.next = me.next
			if head.tail == me {
				head.tail = at
			}
			return
		}
	}
}
