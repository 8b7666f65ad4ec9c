package main

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/sys"
)

// bare is the least of parkers: the system calls, and nothing else.
type bare struct{}

// Park sleeps while w is seen; blocked must say the same.
func (bare) Park(_ context.Context, w *atomic.Uint32, seen uint32, _ park.Blocked) error {
	sys.FutexWait(w, seen, sys.AllBits)
	return nil
}

// ParkAgain is Park: the kernel has one queue.
func (b bare) ParkAgain(ctx context.Context, w *atomic.Uint32, seen uint32, blocked park.Blocked) error {
	return b.Park(ctx, w, seen, blocked)
}

// Wake knows of all processes.
func (bare) Wake(w *atomic.Uint32, n int) park.Woke {
	if sys.FutexWake(w, n, sys.AllBits) == 0 {
		return park.Nobody
	}
	return park.Somebody
}

// polite is bare but for this: whoever else is ready goes first, as a blocking call keeps the P.
type polite struct{ bare }

// Park is bare's.
func (p polite) Park(ctx context.Context, w *atomic.Uint32, seen uint32, blocked park.Blocked) error {
	runtime.Gosched()
	return p.bare.Park(ctx, w, seen, blocked)
}

// counter is a word a player, that counts the balls it was given.
type counter struct {
	mine, peer *atomic.Uint32
	seen       uint32
}

func newCounter(t *table) *counter {
	return &counter{mine: t.mem.word(wordBall + t.role), peer: t.mem.word(wordBall + 1 - t.role)}
}

func (c *counter) hand() error {
	c.peer.Add(1)
	sys.FutexWake(c.peer, 1, sys.AllBits)
	return nil
}

// bell is the parker's dispatch loop without the rest of the parker: a goroutine sleeps on the process's doorbell and
// tells the waiter by a channel.
type bell struct {
	*counter
	mine, peer *atomic.Uint32
	signal     chan struct{}
	yield      bool
}

func dispatched(yield bool) func(*table) (side, error) {
	return func(t *table) (side, error) {
		b := &bell{
			counter: newCounter(t),
			mine:    t.mem.word(wordBell + t.role),
			peer:    t.mem.word(wordBell + 1 - t.role),
			signal:  make(chan struct{}, 1),
			yield:   yield,
		}
		go b.dispatch()
		return b, nil
	}
}

func (b *bell) dispatch() {
	for {
		seq := b.mine.Load()
		if b.counter.mine.Load() != b.seen {
			b.seen++
			b.signal <- struct{}{}
		}
		if b.yield {
			runtime.Gosched()
		}
		if b.mine.Load() == seq {
			sys.FutexWait(b.mine, seq, sys.AllBits)
		}
	}
}

func (b *bell) hand() error {
	b.counter.peer.Add(1)
	b.peer.Add(1)
	sys.FutexWake(b.peer, 1, sys.AllBits)
	return nil
}

func (b *bell) wait() error {
	<-b.signal
	return nil
}
