package threading

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A fired tells when, in the bubble's time.
type fired struct {
	begin time.Time
	after []time.Duration
}

func (f *fired) fire(context.Context) error {
	f.after = append(f.after, time.Since(f.begin))
	return nil
}

// test_init_immutable_default_args: two timers share nothing.
func TestTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &fired{begin: time.Now()}, &fired{begin: time.Now()}
		timer1, timer2 := NewTimer(time.Minute, first.fire), NewTimer(time.Hour, second.fire)
		timer1.Start(t.Context())
		timer2.Start(t.Context())
		if !timer1.Alive() || ActiveCount() != 3 {
			t.Errorf("a timer that waits is alive: %t, one of %d", timer1.Alive(), ActiveCount())
		}
		if err := errors.Join(timer1.Join(), timer2.Join()); err != nil {
			t.Error(err)
		}
		if len(first.after) != 1 || first.after[0] != time.Minute || len(second.after) != 1 || second.after[0] != time.Hour {
			t.Errorf("fired after %v and %v", first.after, second.after)
		}
		if timer1.Cancel() {
			t.Error("cancelled after it has fired")
		}
	})
}

func TestTimerCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, f := time.Now(), &fired{}
		timer := NewTimer(time.Hour, f.fire)
		timer.Start(t.Context())
		synctest.Wait()
		for range 2 {
			if !timer.Cancel() {
				t.Error("a waiting timer, or a cancelled one, was not cancelled")
			}
		}
		if err := timer.Join(); err != nil || time.Since(begin) != 0 {
			t.Errorf("joined after %v with %v", time.Since(begin), err)
		}
		early := NewTimer(0, f.fire)
		early.Cancel()
		early.Start(t.Context())
		if err := early.Join(); err != nil || len(f.after) != 0 {
			t.Errorf("got %v, fired %d times", err, len(f.after))
		}
	})
}

// However close Cancel and the moment are: the function runs, or Cancel says that it will not.
func TestTimerCancelInTheMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 200 {
			ran := false
			timer := NewTimer(time.Second, func(context.Context) error { ran = true; return nil })
			timer.Start(t.Context())
			<-time.After(time.Second)
			cancelled := timer.Cancel()
			_ = timer.Join()
			if ran == cancelled {
				t.Fatalf("ran: %t, cancelled: %t", ran, cancelled)
			}
		}
	})
}

func TestTimerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		f := &fired{}
		late := NewTimer(time.Hour, f.fire)
		late.Start(ctx)
		if err := late.Join(); err != context.DeadlineExceeded || len(f.after) != 0 {
			t.Errorf("a context that ends before: got %v, fired %d times", err, len(f.after))
		}
		var p *PanicError
		bad := NewTimer(0, falls)
		bad.Name = "bad"
		bad.Start(t.Context())
		if err := bad.Join(); !errors.As(err, &p) || p.Where != "bad" {
			t.Errorf("a panic: got %v", err)
		}
		var inside *Thread
		own := NewTimer(0, func(ctx context.Context) error { inside = Current(ctx); return nil })
		own.Start(t.Context())
		if _ = own.Join(); inside != &own.Thread {
			t.Errorf("the current thread of %v is %v", own, inside)
		}
		if panics(func() { NewTimer(0, nil) }) == "" {
			t.Error("a timer without a function")
		}
	})
}
