package conform

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// permitCancelled: of two waiters one is cancelled while the permit comes. The other must get it.
func permitCancelled(t *testing.T, s Permits) {
	for range 200 {
		s.Acquire()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{}, 2)
		go func() {
			if s.AcquireContext(ctx) == nil {
				s.Release()
			}
			done <- struct{}{}
		}()
		go func() {
			s.Acquire()
			s.Release()
			done <- struct{}{}
		}()
		go cancel()
		s.Release()
		<-done
		<-done
	}
	mustHave(t, s, 1)
}

// permitAllGetIn: as many waiters as permits, which are released together or one by one. All must get in before any leaves,
// though only the first release finds somebody to wake.
func permitAllGetIn(release func(s Permits, n int)) func(t *testing.T, s Permits) {
	return func(t *testing.T, s Permits) {
		const rounds = 100
		n := s.Value()
		begin := time.Now()
		for range rounds {
			for range n {
				s.Acquire()
			}
			var inside, left sync.WaitGroup
			inside.Add(n)
			for range n {
				left.Go(func() {
					s.Acquire()
					inside.Done()
					inside.Wait()
					s.Release()
				})
				runtime.Gosched()
			}
			release(s, n)
			left.Wait()
		}
		if took := time.Since(begin); took > rounds*20*time.Millisecond {
			t.Errorf("took %v: wake-ups are lost and only the tick heals them", took)
		}
		mustHave(t, s, n)
	}
}

func permitCancelStorm(t *testing.T, s Permits) {
	var wg sync.WaitGroup
	var patient atomic.Int64
	for range 8 {
		wg.Go(func() {
			for range 100 {
				ctx, cancel := context.WithCancel(context.Background())
				go cancel()
				if s.AcquireContext(ctx) == nil {
					s.Release()
				}
				cancel()
			}
		})
		wg.Go(func() {
			for range 100 {
				s.Acquire()
				patient.Add(1)
				s.Release()
			}
		})
	}
	begin := time.Now()
	wg.Wait()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v: wake-ups are lost and only the tick heals them", took)
	}
	if n := patient.Load(); n != 800 {
		t.Errorf("%d of 800 acquired", n)
	}
	mustHave(t, s, 3)
}

func permitNeverMore(t *testing.T, s Permits) {
	var wg sync.WaitGroup
	var inside, most atomic.Int64
	for range 20 {
		wg.Go(func() {
			for range 200 {
				s.Acquire()
				n := inside.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				inside.Add(-1)
				s.Release()
			}
		})
	}
	wg.Wait()
	if n := most.Load(); n > 3 {
		t.Errorf("%d were inside with 3 permits", n)
	}
	mustHave(t, s, 3)
}
