package conform

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func permitBadNumbers(t *testing.T, of makePermits) {
	for _, n := range []int{-1, -1 << 62, 1 << 62} {
		mustPanic(t, "a semaphore of a bad number of permits", "a semaphore is made with 0 to", func() { of(t, n) })
	}
}

func permitAcquireRelease(t *testing.T, s Permits) {
	s.Acquire()
	s.Release()
	s.Acquire()
	s.Acquire()
	s.Release()
	s.Release()
	mustHave(t, s, 2)
}

func releaseSingly(s Permits, n int) {
	for range n {
		s.Release()
	}
}

// permitContended has ten goroutines take two permits each, of 7: 6, then 7, then 6, then the last.
func permitContended(release func(s Permits, n int)) func(t *testing.T, s Permits) {
	return func(t *testing.T, s Permits) {
		s.Acquire()
		const goroutines = 10
		got := make(chan int, 2*goroutines)
		for range goroutines {
			go func() {
				s.Acquire()
				got <- 1
				s.Acquire()
				got <- 2
			}()
		}
		for phase, permits := range []int{6, 7, 6, 1} {
			if phase > 0 {
				release(s, permits)
			}
			for range permits {
				<-got
			}
			if s.TryAcquire() {
				t.Fatalf("phase %d: there is a permit too many", phase)
			}
		}
		if len(got) > 0 {
			t.Errorf("%d acquired without a permit", len(got))
		}
		release(s, 1)
	}
}

func permitTry(t *testing.T, s Permits) {
	for i, want := range []bool{true, true, false} {
		if got := s.TryAcquire(); got != want {
			t.Errorf("try %d: %t, expected %t", i, got, want)
		}
	}
	s.Release()
	if !s.TryAcquire() {
		t.Error("a permit that was released was not taken")
	}
}

func permitTryContended(t *testing.T, s Permits) {
	s.Acquire()
	got := make(chan bool)
	for range 5 {
		go func() {
			got <- s.TryAcquire()
			got <- s.TryAcquire()
		}()
	}
	taken := 0
	for range 10 {
		if <-got {
			taken++
		}
	}
	if taken != 3 {
		t.Errorf("%d of 3 permits were taken", taken)
	}
}

func permitTimeout(t *testing.T, s Permits) {
	for range 2 {
		if err := acquireFor(s, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	mustTimeOut(t, s, 5*time.Millisecond)
	s.Release()
	if err := acquireFor(s, time.Minute); err != nil {
		t.Error(err)
	}
	mustTimeOut(t, s, 20*time.Millisecond)
	mustHave(t, s, 0)
}

func permitWaiterGoesOn(_ *testing.T, s Permits) {
	s.Acquire()
	done := make(chan struct{})
	go func() {
		s.Acquire()
		s.Release()
		close(done)
	}()
	s.Release()
	<-done
}

func permitPanicInside(t *testing.T, s Permits) {
	inside := func(value any) {
		s.Acquire()
		defer s.Release()
		if !s.TryAcquire() {
			t.Error("the second permit was not taken")
		}
		defer s.Release()
		if s.TryAcquire() {
			t.Error("a third permit was taken")
		}
		if value != nil {
			panic(value)
		}
	}
	inside(nil)
	mustHave(t, s, 2)
	mustPanic(t, "the body", "inside", func() { inside("inside") })
	mustHave(t, s, 2)
}

func permitValue(t *testing.T, s Permits) {
	mustHave(t, s, 2)
	s.Acquire()
	mustHave(t, s, 1)
	s.Acquire()
	mustHave(t, s, 0)
	if s.TryAcquire() {
		t.Error("a permit was taken that is not there")
	}
	mustHave(t, s, 0)
	s.Release()
	mustHave(t, s, 1)
	s.Release()
	mustHave(t, s, 2)
}

func permitFreeBeatsEnded(t *testing.T, s Permits) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.AcquireContext(ctx); err != nil {
		t.Errorf("a permit that is there was refused: %v", err)
	}
	if err := s.AcquireContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, expected context.Canceled", err)
	}
}

func permitReleaseNone(t *testing.T, s Permits) {
	s.Acquire()
	for _, n := range []int{0, -1, -1 << 62} {
		mustPanic(t, "ReleaseN of less than 1", "1 permit or more", func() { s.ReleaseN(n) })
	}
	mustHave(t, s, 0)
}

func permitReleaseUnacquired(t *testing.T, s Permits) {
	s.Release()
	s.Acquire()
	s.Acquire()
	s.Release()
	mustHave(t, s, 1)
}

func permitAbove(t *testing.T, s Permits) {
	permitValue(t, s)
	s.Release()
	mustHave(t, s, 3)
	s.ReleaseN(4)
	mustHave(t, s, 7)
}

func permitOverflow(t *testing.T, s Permits) {
	mustPanic(t, "a release of one too many", "at most 2147483647", s.Release)
	s.Acquire()
	mustPanic(t, "a release of two too many", "at most 2147483647", func() { s.ReleaseN(3) })
	mustPanic(t, "a release of very many", "at most 2147483647", func() { s.ReleaseN(1 << 62) })
	mustHave(t, s, 1<<31-2)
	s.Release()
	mustHave(t, s, 1<<31-1)
}

func boundedReleaseUnacquired(t *testing.T, s Permits) {
	mustPanic(t, "a release before any acquire", "more often", s.Release)
	s.Acquire()
	s.Release()
	mustPanic(t, "a second release", "more often", s.Release)
	mustHave(t, s, 1)
	s.Acquire() // and nothing is damaged
	s.Release()
}

func boundedKeeps(t *testing.T, s Permits) {
	permitValue(t, s)
	mustPanic(t, "a release above the bound", "more often", s.Release)
	mustHave(t, s, 2)
}

func boundedReleaseTooMany(t *testing.T, s Permits) {
	s.Acquire()
	s.Acquire()
	mustPanic(t, "a release of more than were acquired", "more often", func() { s.ReleaseN(3) })
	mustHave(t, s, 1)
	s.ReleaseN(2)
	mustHave(t, s, 3)
}

// boundedLimit: those who acquire have ended when others release. One release more, among many at once or alone, is one too many.
func boundedLimit(t *testing.T, of makePermits) {
	for limit := 1; limit < 10; limit++ {
		s := of(t, limit)
		together(limit, func(int) { s.Acquire() })
		if s.TryAcquire() {
			t.Errorf("of %d permits there is one more", limit)
		}
		var refused atomic.Int64
		together(limit+1, func(int) {
			defer func() {
				if recover() != nil {
					refused.Add(1)
				}
			}()
			s.Release()
		})
		if n := refused.Load(); n != 1 {
			t.Errorf("%d of %d releases panicked, after %d acquires", n, limit+1, limit)
		}
		mustPanic(t, "a release above the limit", "more often", s.Release)
		mustHave(t, s, limit)
	}
}
