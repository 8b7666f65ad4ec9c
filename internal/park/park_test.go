package park

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// places are where the suite runs: each gives a parker and a way to make a word that it can sleep on.
// others is a parker of another process for the same words; on the heap there is only the one.
func places(t *testing.T, f func(t *testing.T, p, other Parker, word func() *atomic.Uint32)) {
	t.Run("heap", func(t *testing.T) {
		l := new(Local)
		f(t, l, l, func() *atomic.Uint32 { return new(atomic.Uint32) })
	})
	t.Run("shared", func(t *testing.T) {
		m := newMemory(t)
		f(t, m.parker(1), m.parker(2), m.word)
	})
	t.Run("shared overflow", func(t *testing.T) {
		m := newMemory(t)
		p := m.parker(1)
		p.places.Store(1<<Direct - 1) // all places in the kernel are taken
		f(t, p, m.parker(2), m.word)
	})
}

// semaphore is the smallest algorithm that can lose a wake-up: the count in the word, W in bit 31.
type semaphore struct{ w *atomic.Uint32 }

const wbit = 1 << 31

func noPermit(now, _ uint32) bool { return now == wbit }

func (s semaphore) acquire(ctx context.Context, p Parker) error {
	for {
		v := s.w.Load()
		if v&^wbit > 0 {
			if s.w.CompareAndSwap(v, v-1) {
				if v&^wbit > 1 && v&wbit != 0 {
					p.Wake(s.w, 1) // another may have been meant
				}
				return nil
			}
			continue
		}
		if v == 0 && !s.w.CompareAndSwap(0, wbit) {
			continue
		}
		if err := p.Park(ctx, s.w, wbit, noPermit); err != nil {
			if s.w.Load()&^wbit > 0 {
				p.Wake(s.w, 1)
			}
			return err
		}
	}
}

func (s semaphore) release(p Parker) {
	if s.w.Add(1)&wbit != 0 {
		p.Wake(s.w, 1)
	}
}

// await runs the scheduler until the condition holds: for states that nothing announces.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); runtime.Gosched() {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("never came to pass: " + what)
		}
	}
}

func TestEveryPermitIsTaken(t *testing.T) {
	places(t, func(t *testing.T, p, other Parker, word func() *atomic.Uint32) {
		const goroutines, rounds = 8, 200
		s := semaphore{word()}
		var wg sync.WaitGroup
		for i := range goroutines {
			at := p
			if i%2 == 1 {
				at = other
			}
			wg.Go(func() {
				for range rounds {
					if err := s.acquire(context.Background(), at); err != nil {
						t.Error(err)
					}
				}
			})
		}
		begin := time.Now()
		for i := range goroutines * rounds {
			if i%2 == 0 {
				s.release(p)
			} else {
				s.release(other)
			}
			if i%16 == 0 {
				runtime.Gosched()
			}
		}
		wg.Wait()
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("took %v: wake-ups are lost and only the tick heals them", took)
		}
		if v := s.w.Load() &^ wbit; v != 0 {
			t.Errorf("%d permits left", v)
		}
	})
}

func TestCancelledWaiterEatsNothing(t *testing.T) {
	places(t, func(t *testing.T, p, other Parker, word func() *atomic.Uint32) {
		const rounds = 300
		s := semaphore{word()}
		for range rounds {
			ctx, cancel := context.WithCancel(context.Background())
			first, second := make(chan error, 1), make(chan error, 1)
			go func() { first <- s.acquire(ctx, p) }()
			go func() { second <- s.acquire(context.Background(), p) }()
			go cancel()
			s.release(other)
			if err := <-first; err == nil {
				s.release(other) // the cancelled one was faster: one more for the other
			} else if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if err := <-second; err != nil {
				t.Fatal(err)
			}
			if v := s.w.Load() &^ wbit; v != 0 {
				t.Fatalf("%d permits left", v)
			}
		}
	})
}

func TestCancelEndsAPark(t *testing.T) {
	places(t, func(t *testing.T, p, _ Parker, word func() *atomic.Uint32) {
		ctx, cancel := context.WithCancelCause(context.Background())
		done := make(chan error, 2)
		w := word()
		for range 2 { // a leader and a follower
			go func() { done <- p.Park(ctx, w, 0, Same) }()
		}
		cancel(errors.New("enough"))
		for range 2 {
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, expected context.Canceled", err)
			}
		}
		if err := p.Park(ctx, w, 0, Same); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that has ended before: got %v", err)
		}
	})
}

func TestParkReturnsAtOnceIfNotBlocked(t *testing.T) {
	places(t, func(t *testing.T, p, _ Parker, word func() *atomic.Uint32) {
		w := word()
		w.Store(7)
		if err := p.Park(context.Background(), w, 6, Same); err != nil {
			t.Error(err)
		}
	})
}

func TestWakeOfNobody(t *testing.T) {
	places(t, func(t *testing.T, p, other Parker, word func() *atomic.Uint32) {
		if woke := other.Wake(word(), 1); woke != Nobody {
			t.Errorf("got %v", woke)
		}
	})
}

// A lost wake-up, by a waker that dies between the change and the wake, is made good by the tick.
func TestTickHealsALostWake(t *testing.T) {
	m := newMemory(t)
	for name, places := range map[string]uint32{"direct": 0, "overflow": 1<<Direct - 1} {
		p := m.parker(1)
		p.places.Store(places)
		w := m.word()
		done := make(chan error, 1)
		go func() { done <- p.Park(context.Background(), w, 0, Same) }()
		await(t, "asleep", func() bool { return asleep(p, w) })
		w.Store(1) // and no Wake
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(10 * Tick):
			t.Fatalf("%s: sleeps on", name)
		}
	}
}

func asleep(p *Shared, w *atomic.Uint32) bool {
	s, _ := p.shard(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[w]
	return q != nil && (q.leader.direct || q.leader.over)
}

func TestLocalInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(atomic.Uint32)
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		begin := time.Now()
		if err := Heap.Park(ctx, w, 0, Same); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if d := time.Since(begin); d != time.Hour {
			t.Errorf("slept %v of the bubble's time, expected an hour", d)
		}
		go func() { w.Store(1); Heap.Wake(w, 1) }()
		if err := Heap.Park(context.Background(), w, 0, Same); err != nil {
			t.Error(err)
		}
	})
}

// Who parks again goes first: before those that came later, and, where there is a leader in the kernel, behind it alone.
func TestReleasesInOrder(t *testing.T) {
	m := newMemory(t)
	shared := m.parker(1)
	local := new(Local)
	for _, c := range []struct {
		name   string
		p      Parker
		w      *atomic.Uint32
		queued func(*atomic.Uint32) int
		want   []int
	}{
		{"heap", local, new(atomic.Uint32), local.queued, []int{5, 4, 0, 1, 2, 3}},
		{"shared", shared, m.word(), shared.queued, []int{0, 5, 4, 1, 2, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			done := make(chan int)
			for i := range 6 {
				go func() {
					park := c.p.Park
					if i >= 4 {
						park = c.p.ParkAgain
					}
					if err := park(context.Background(), c.w, 0, Same); err != nil {
						t.Error(err)
					}
					done <- i
				}()
				await(t, "queued", func() bool { return c.queued(c.w) == i+1 })
			}
			for i, want := range c.want {
				for c.p.Wake(c.w, 1) != Somebody { // a promoted leader is on its way to the kernel
					runtime.Gosched()
				}
				if got := <-done; got != want {
					t.Fatalf("number %d in the order is %d, expected %d", i, got, want)
				}
			}
		})
	}
}

func (l *Local) queued(w *atomic.Uint32) (n int) {
	s := l.shard(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := s.heads[w]; at != nil; at = at.next {
		n++
	}
	return n
}

// queued counts the leader and its followers.
func (p *Shared) queued(w *atomic.Uint32) (n int) {
	s, _ := p.shard(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[w]
	if q == nil {
		return 0
	}
	for at := q.first; at != nil; at = at.next {
		n++
	}
	return n + 1
}

// Who has seen an older value than the leader, and is free to go, must not sleep behind it.
func TestFollowerThatIsLate(t *testing.T) {
	m := newMemory(t)
	p, w := m.parker(1), m.word()
	w.Store(2)
	led := make(chan error)
	go func() { led <- p.Park(context.Background(), w, 2, Same) }()
	await(t, "a leader", func() bool { return p.queued(w) == 1 })
	late := make(chan error)
	go func() { late <- p.Park(context.Background(), w, 1, Same) }() // saw the word before it was 2
	select {
	case err := <-late:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("who is no longer blocked sleeps behind a leader who is")
	}
	w.Store(3)
	p.Wake(w, All)
	<-led
}
