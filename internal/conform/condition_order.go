package conform

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
)

func conditionOrder(t *testing.T, c Waiter) {
	const n = 8
	order, joined := make(chan int, n), 0
	for i := range n {
		go func() {
			c.Lock()
			joined++
			c.Wait()
			order <- i // with the lock: as it was got
			c.Unlock()
		}()
		for now := 0; now <= i; runtime.Gosched() {
			c.Lock()
			now = joined
			c.Unlock()
		}
	}
	for i := range n {
		c.Lock()
		c.Notify(1)
		c.Unlock()
		if got := <-order; got != i {
			t.Fatalf("wait %d ended, expected %d", got, i)
		}
	}
}

// conditionNoStealing waits with a notification of another under way.
func conditionNoStealing(t *testing.T, c Waiter) {
	for range 50 {
		w := newCrowd(c)
		w.start(context.Background(), 1)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		passed := make(chan struct{})
		go func() {
			w.woken(t, 1)
			close(passed)
			w.notify(1)
		}()
		c.Lock()
		c.Notify(1)
		err := c.WaitContext(ctx)
		select {
		case <-passed:
		default:
			t.Error("the later of two waits has got the notification of the earlier")
		}
		c.Unlock()
		cancel()
		if err != nil || t.Failed() {
			t.Fatal(err)
		}
	}
}

func conditionSuccessWins(t *testing.T, c Waiter) {
	for range 50 {
		w := newCrowd(c)
		ctx, cancel := context.WithCancel(context.Background())
		w.start(ctx, 1)
		c.Lock()
		c.Notify(1)
		cancel()
		c.Unlock()
		w.woken(t, 1)
	}
}

func conditionLastLook(t *testing.T, c Waiter) {
	ctx, cancel := context.WithCancel(context.Background())
	c.Lock()
	defer c.Unlock()
	looks := 0
	if err := c.WaitForContext(ctx, func() bool {
		looks++
		cancel()
		return looks == 2
	}); err != nil {
		t.Errorf("%v, though it was true when the context had ended", err)
	}
	if err := c.WaitForContext(ctx, func() bool { return true }); err != nil {
		t.Errorf("%v, though it was true at once", err)
	}
}

func conditionCancelled(t *testing.T, c Waiter) {
	begin := time.Now()
	for range 300 {
		w := newCrowd(c)
		ctx, cancel := context.WithCancel(context.Background())
		w.start(ctx, 1)
		second := newCrowd(c)
		second.start(context.Background(), 1)
		go cancel()
		w.notify(1)
		if err := <-w.awake; err == nil {
			second.notify(1) // the first has had it: one more for the second
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		second.woken(t, 1)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v: notifications are lost and only the tick heals them", took)
	}
}

// conditionCancelledMiddle cancels every second of many, in any order, and notifies the rest.
func conditionCancelledMiddle(t *testing.T, c Waiter) {
	const n = 40
	stay, leave := newCrowd(c), newCrowd(c)
	cancels := make([]context.CancelFunc, n)
	for i := range n {
		ctx, cancel := context.WithCancel(context.Background())
		cancels[i] = cancel
		leave.start(ctx, 1)
		stay.start(context.Background(), 1)
	}
	for i := range n {
		cancels[i*7%n]()
	}
	for range n {
		if err := <-leave.awake; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	stay.none(t)
	for range n / 4 {
		stay.notify(4)
		stay.woken(t, 4)
	}
	stay.none(t)
}

// conditionMany passes numbers through a place for one, with two conditions' worth of waiters on one.
func conditionMany(t *testing.T, c Waiter) {
	const workers, rounds = 8, 200
	var wg sync.WaitGroup
	full, sum := false, 0
	for range workers {
		wg.Go(func() {
			for range rounds {
				c.Lock()
				c.WaitFor(func() bool { return !full })
				full = true
				c.NotifyAll()
				c.Unlock()
			}
		})
		wg.Go(func() {
			for range rounds {
				c.Lock()
				c.WaitFor(func() bool { return full })
				full = false
				sum++
				c.NotifyAll()
				c.Unlock()
			}
		})
	}
	begin := time.Now()
	wg.Wait()
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("took %v: wake-ups are lost and only the tick heals them", took)
	}
	if sum != workers*rounds {
		t.Errorf("%d passed of %d", sum, workers*rounds)
	}
}

func conditionNoLeak(t *testing.T, c Waiter) {
	before := runtime.NumGoroutine()
	for range 20 {
		w := newCrowd(c)
		ctx, cancel := context.WithCancel(context.Background())
		w.start(ctx, 2)
		w.notify(1)
		w.woken(t, 1)
		cancel()
		<-w.awake
	}
	for begin := time.Now(); runtime.NumGoroutine() > before+2; runtime.Gosched() { // the parker's tick may run on for a while
		if time.Since(begin) > 5*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
