package conform

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Eventer is what every event of this module is.
type Eventer interface {
	Set()
	Clear()
	IsSet() bool
	Wait()
	WaitContext(ctx context.Context) error
}

// Event runs the contract of an event; event makes a fresh one.
func Event(t *testing.T, event func(t *testing.T) Eventer) {
	for _, c := range []struct {
		name string // and CPython's name for it, test/lock_tests.py
		test func(t *testing.T, e Eventer)
	}{
		{"set and cleared", eventIsSet},                              // test_is_set
		{"all are woken", eventNotify},                               // test_notify
		{"timeout", eventTimeout},                                    // test_timeout
		{"set and cleared at once", eventSetAndClear},                // test_set_and_clear
		{"as between processes", eventSequence},                      // _TestEvent.test_event
		{"success wins over an ended context", eventSetBeatsEnded},   // ours
		{"set orders what came before it", eventOrders},              // ours
		{"nobody is lost among the cancelled", eventCancelStorm},     // ours
		{"set, waited for and cleared by many", eventMany},           // ours
		{"a Set between two Clears releases the waiter", eventPulse}, // ours
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, event(t)) })
	}
}

func eventIsSet(t *testing.T, e Eventer) {
	for i, step := range []struct {
		do   func()
		want bool
	}{{func() {}, false}, {e.Set, true}, {e.Set, true}, {e.Clear, false}, {e.Clear, false}} {
		step.do()
		if e.IsSet() != step.want {
			t.Errorf("step %d: set is %v", i, !step.want)
		}
	}
}

func eventNotify(t *testing.T, e Eventer) {
	check := func() {
		var woken atomic.Int32
		join := sleepers(5, func(ctx context.Context, _ int) {
			if err := e.WaitContext(ctx); err != nil {
				t.Error(err)
			}
			woken.Add(1)
			e.Wait()
		})
		if n := woken.Load(); n != 0 {
			t.Errorf("%d waiters came through an event that is not set", n)
		}
		e.Set()
		join()
	}
	check()
	e.Set()
	e.Clear()
	check()
}

func eventTimeout(t *testing.T, e Eventer) {
	const d = 20 * time.Millisecond
	var wg sync.WaitGroup
	wait := func(d time.Duration) (took time.Duration, err error) {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		err = e.WaitContext(ctx)
		return time.Since(begin), err
	}
	for range 5 {
		wg.Go(func() {
			if _, err := wait(0); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("no time at all: %v", err)
			}
			if took, err := wait(d); !errors.Is(err, context.DeadlineExceeded) || took < d {
				t.Errorf("got %v after %v, expected context.DeadlineExceeded after %v", err, took, d)
			}
		})
	}
	wg.Wait()
	e.Set()
	for range 5 {
		wg.Go(func() {
			for _, d := range []time.Duration{0, d} {
				if _, err := wait(d); err != nil {
					t.Errorf("the event is set: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func eventSetAndClear(t *testing.T, e Eventer) {
	for range 20 {
		join := sleepers(5, func(ctx context.Context, _ int) {
			if err := e.WaitContext(ctx); err != nil {
				t.Error(err)
			}
		})
		e.Set()
		e.Clear()
		join()
	}
}

func eventSequence(t *testing.T, e Eventer) {
	short := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		return e.WaitContext(ctx)
	}
	if e.IsSet() || short() == nil {
		t.Error("a new event is set")
	}
	e.Set()
	e.Wait()
	if !e.IsSet() || short() != nil {
		t.Error("the event was forgotten by a Wait")
	}
	e.Clear()
	go e.Set()
	e.Wait()
}

func eventSetBeatsEnded(t *testing.T, e Eventer) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.WaitContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("an event that is not set: %v", err)
	}
	e.Set()
	if err := e.WaitContext(ctx); err != nil {
		t.Errorf("an event that is set: %v", err)
	}
}

// The race detector is the judge of this one.
func eventOrders(t *testing.T, e Eventer) {
	var data [2]int
	go func() { data[0] = 1; e.Set() }()
	e.Wait()
	if data[0] != 1 {
		t.Error("a Wait has returned before the Set")
	}
	e.Clear()
	go func() { data[1] = 1; e.Set() }()
	for !e.IsSet() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		_ = e.WaitContext(ctx)
		cancel()
	}
	if data[1] != 1 {
		t.Error("IsSet was true before the Set")
	}
}

func eventCancelStorm(t *testing.T, e Eventer) {
	begin := time.Now()
	for range 100 {
		var cancelled sync.WaitGroup
		join := sleepers(4, func(ctx context.Context, i int) {
			if i%2 == 0 {
				var cancel func()
				ctx, cancel = context.WithCancel(ctx)
				cancelled.Go(cancel)
			}
			if err := e.WaitContext(ctx); err != nil && i%2 != 0 {
				t.Error(err)
			}
		})
		e.Set()
		join()
		cancelled.Wait()
		e.Clear()
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v: wake-ups are lost and only the tick heals them", took)
	}
}

func eventMany(t *testing.T, e Eventer) {
	var waiters, setter sync.WaitGroup
	stop := make(chan struct{})
	setter.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				e.Set()
				e.Clear()
			}
		}
	})
	for range 8 {
		waiters.Go(func() {
			for range 200 {
				e.Wait()
			}
		})
	}
	waiters.Wait()
	close(stop)
	setter.Wait()
	if e.IsSet() {
		t.Error("a Clear was lost")
	}
}

func eventPulse(t *testing.T, e Eventer) {
	e.Set()
	for range 20 {
		e.Clear()
		join := sleepers(1, func(ctx context.Context, _ int) {
			if err := e.WaitContext(ctx); err != nil {
				t.Error(err)
			}
		})
		e.Clear()
		e.Set()
		e.Clear()
		join()
		e.Set()
	}
}
