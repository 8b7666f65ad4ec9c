package threading

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/multiproc/mp/internal/conform"
)

var semaphores = []struct {
	name string
	of   func(permits int) conform.Permits
}{
	{"Semaphore", func(n int) conform.Permits { return NewSemaphore(n) }},
	{"BoundedSemaphore", func(n int) conform.Permits { return NewBoundedSemaphore(n) }},
}

func TestSemaphore(t *testing.T) {
	conform.Semaphore(t, func(_ *testing.T, n int) conform.Permits { return NewSemaphore(n) })
}

func TestBoundedSemaphore(t *testing.T) {
	conform.BoundedSemaphore(t, func(_ *testing.T, n int) conform.Permits { return NewBoundedSemaphore(n) })
}

func TestZeroSemaphores(t *testing.T) {
	var s Semaphore
	if s.TryAcquire() || s.Value() != 0 {
		t.Error("the zero Semaphore has a permit")
	}
	s.Release()
	if !s.TryAcquire() {
		t.Error("the zero Semaphore does not take a permit")
	}
	var b BoundedSemaphore
	if b.TryAcquire() || b.Value() != 0 {
		t.Error("the zero BoundedSemaphore has a permit")
	}
}

func TestSemaphoreInABubble(t *testing.T) {
	for _, c := range semaphores {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := c.of(1)
				s.Acquire()
				time.AfterFunc(time.Minute, s.Release)
				begin := time.Now()
				s.Acquire()
				if d := time.Since(begin); d != time.Minute {
					t.Errorf("waited %v of the bubble's time, expected a minute", d)
				}
			})
		})
	}
}

// In a bubble it is known who sleeps. Four sleepers, and permits that come before the first of them has run: each must
// wake the next. A lost wake-up would be a deadlock, which the bubble reports.
func TestWakeUpsAreHandedOn(t *testing.T) {
	releases := map[string]func(s conform.Permits, n int){
		"together": conform.Permits.ReleaseN,
		"singly": func(s conform.Permits, n int) {
			for range n {
				s.Release()
			}
		},
	}
	for _, c := range semaphores {
		for how, release := range releases {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const sleepers, permits = 6, 4
					s := c.of(permits)
					for range permits {
						s.Acquire()
					}
					var inside atomic.Int64
					ctx, cancel := context.WithCancel(context.Background())
					for range sleepers {
						go func() {
							if s.AcquireContext(ctx) == nil {
								inside.Add(1)
							}
						}()
						synctest.Wait()
					}
					release(s, permits)
					synctest.Wait()
					if n := inside.Load(); n != permits {
						t.Errorf("%d of %d got a permit", n, permits)
					}
					cancel()
				})
			})
		}
	}
}

// Of two sleepers the first is woken and cancelled at once; the second must get the permit, or the one that comes next.
func TestCancelledSleeperPassesOn(t *testing.T) {
	for _, c := range semaphores {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := c.of(1)
				s.Acquire()
				ctx, cancel := context.WithCancel(context.Background())
				got := make(chan error, 2)
				for _, ctx := range []context.Context{ctx, context.Background()} {
					go func() { got <- s.AcquireContext(ctx) }()
					synctest.Wait()
				}
				cancel()
				s.Release()
				if err := <-got; err == nil {
					s.Release()
				} else if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				<-got
			})
		})
	}
}
