package threading

import (
	"context"
	"sync/atomic"
	"time"
)

// Timer is a thread that waits before it calls its function: Python's threading.Timer. Make it by [NewTimer], set
// Name or Daemon, Start, and Join or Cancel. All that is said of Thread holds, and so it is alive while it
// waits, Shutdown and mp.Main wait for it unless it is a daemon, and it must not be copied.
//
// For a call without name, Join and Shutdown time.AfterFunc is enough, and needs no goroutine while it waits.
type Timer struct {
	Thread

	delay     time.Duration
	f         func(context.Context) error
	state     atomic.Int32 // timerWaits, and one of the others for ever
	cancelled chan struct{}
}

const (
	timerWaits int32 = iota
	timerFired
	timerCancelled
)

// NewTimer makes a timer that calls f once, d after Start, unless it is cancelled or Start's context ends
// before. It panics if f is nil.
func NewTimer(d time.Duration, f func(context.Context) error) *Timer {
	if f == nil {
		panic("threading: timer without a function")
	}
	t := &Timer{delay: d, f: f, cancelled: make(chan struct{})}
	t.Target = t.wait
	return t
}

// Cancel tells the timer not to call its function, and whether that is so: false if it has begun to. Before
// Start it has the same effect. Join returns nil then.
func (t *Timer) Cancel() bool {
	if t.state.CompareAndSwap(timerWaits, timerCancelled) {
		close(t.cancelled)
	}
	return t.state.Load() == timerCancelled
}

func (t *Timer) wait(ctx context.Context) error {
	clock := time.NewTimer(t.delay)
	defer clock.Stop()
	select {
	case <-clock.C:
	case <-t.cancelled:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	if !t.state.CompareAndSwap(timerWaits, timerFired) {
		return nil // Cancel came in the same moment, and has told its caller so
	}
	return t.f(ctx)
}
