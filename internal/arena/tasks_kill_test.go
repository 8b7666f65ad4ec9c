//go:build mpfail

package arena

import (
	"context"
	"fmt"
	"testing"
)

// jobs is a queue in which four messages wait, one of them long, and of which the process has two in hand, one of them long.
type jobs struct {
	t      *testing.T
	a      *Arena
	at     Handle
	simple bool
	hands  []uint64
}

func newJobs(t *testing.T) *jobs {
	s := &jobs{t: t, a: testArena(t, MinSize)}
	witness := &scene{t: t, a: s.a}
	var err error
	if _, witness.witness, err = s.a.Claim(0, "witness"); err != nil {
		t.Fatal(err)
	}
	o, at := mustObject(t, s.a, ObjectSpec{Kind: KindJoinableQueue, Size: 1024 + 8*Slots})
	witness.share(o)
	s.at = at
	for _, n := range []int{100, 5000, 8, 9, 4000, 10} {
		s.put(n)
	}
	s.take()
	s.take()
	return s
}

func (s *jobs) state() *JoinableQueueState {
	return PayloadOf[JoinableQueueState](open(s.t, s.a, s.at))
}

func (s *jobs) put(n int) {
	if err := s.state().Tasks.TryPut(s.a.TasksUser(open(s.t, s.a, s.at), s.a.Hand(s.state())), make([]byte, n)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *jobs) take() {
	at, err := s.state().Tasks.TryTake(s.a.TasksUser(open(s.t, s.a, s.at), s.a.Hand(s.state())))
	if err != nil {
		s.t.Fatal(err)
	}
	s.hands = append(s.hands, at)
}

func (s *jobs) done(i int) {
	s.state().Tasks.Done(s.a.TasksUser(open(s.t, s.a, s.at), s.a.Hand(s.state())), s.hands[i])
}

func (s *jobs) putBack(i int) {
	s.state().Tasks.PutBack(s.a.TasksUser(open(s.t, s.a, s.at), s.a.Hand(s.state())), s.hands[i])
}

func (s *jobs) pull() {
	if _, err := s.state().Tasks.TryPull(s.a.TasksUser(open(s.t, s.a, s.at), nil), nil); err != nil {
		s.t.Fatal(err)
	}
}

func (s *jobs) shut(now bool) {
	s.state().Tasks.Shutdown(s.a.TasksUser(open(s.t, s.a, s.at), nil), now)
}

// outcome is what counts of a queue whose process was swept. It ends all messages, which must work.
func (s *jobs) outcome(a *Arena) string {
	o := open(s.t, a, s.at)
	q := &PayloadOf[JoinableQueueState](o).Tasks
	_, err := a.Open(s.at, KindJoinableQueue, 0, "")
	if err != nil {
		s.t.Fatal(err)
	}
	u := a.TasksUser(o, a.Hand(PayloadOf[JoinableQueueState](o)))
	text := fmt.Sprintf("%d messages of %d bytes wait, %d of %d are gone, shut %d:", q.Len, q.Bytes, q.Gone, q.Puts, q.Shut)
	for n := q.Len; n > 0; n-- {
		at, err := q.TryTake(u)
		if err != nil {
			s.t.Fatalf("%s, and then %v", text, err)
		}
		msg, turns := u.Message(at)
		text += fmt.Sprintf(" %d×%d", len(msg), turns)
		q.Done(u, at)
	}
	if q.First != 0 || q.Last != 0 || q.Bytes != 0 || q.Join(context.Background(), u) != nil {
		s.t.Errorf("%s, and left is %d, %d, %d bytes", text, q.First, q.Last, q.Bytes)
	}
	_ = q.TryPut(u, nil) // its Release frees what was left of long ones
	sound(s.t, a)
	if large := countLarge(a, o); large != 0 {
		s.t.Errorf("%s, and %d long messages are left", text, large)
	}
	return text
}

// countLarge counts the extents that are no chunks of the slab: those have 1, 2, 4 … KiB with their head.
func countLarge(a *Arena, o *Object) (n int) {
	for e := Offset(o.Extents); e != 0; e = Offset(at[Extent](a, e).Next) {
		if size := at[Extent](a, e).Size + extentSize; size&(size-1) != 0 {
			n++
		}
	}
	return n
}

// swept is the outcome if the process dies now.
func (s *jobs) swept() string {
	b := duplicate(s.t, s.a)
	survivor(s.t, b)
	b.Bury(s.a.id)
	return s.outcome(b)
}

// Killed at each step of what a queue does, and the sweep of every thirteenth death at each of its own: each call happened or not,
// and what was in hand is back.
func TestKilledAnywhereInTasks(t *testing.T) {
	put := func(n int) func(*jobs) { return func(s *jobs) { s.put(n) } }
	done := func(i int) func(*jobs) { return func(s *jobs) { s.done(i) } }
	putBack := func(i int) func(*jobs) { return func(s *jobs) { s.putBack(i) } }
	for _, c := range []struct {
		name string
		acts []func(*jobs)
	}{
		{"put", []func(*jobs){put(20)}},
		{"put a long one", []func(*jobs){put(7000)}},
		{"take", []func(*jobs){(*jobs).take, (*jobs).take, (*jobs).take}},
		{"pull", []func(*jobs){(*jobs).pull, (*jobs).pull, (*jobs).pull}},
		{"done", []func(*jobs){done(0), done(1)}},
		{"done in another order", []func(*jobs){done(1), done(0)}},
		{"put back", []func(*jobs){putBack(0), putBack(1), (*jobs).take}},
		{"put back in another order", []func(*jobs){putBack(1), putBack(0)}},
		{"shut", []func(*jobs){func(s *jobs) { s.shut(false) }}},
		{"shut now", []func(*jobs){func(s *jobs) { s.shut(true) }, done(0), putBack(1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := newJobs(t)
			possible := map[string]bool{whole.swept(): true}
			for _, act := range c.acts {
				act(whole)
				possible[whole.swept()] = true
			}
			n := 1
			for killInTasks(t, c.acts, n, possible) {
				n++
			}
			t.Logf("%d steps, %d outcomes", n-1, len(possible))
		})
	}
}

func killInTasks(t *testing.T, acts []func(*jobs), n int, possible map[string]bool) bool {
	t.Helper()
	for m := 1; ; m++ {
		if n%13 != 0 {
			m = 0 // no kill
		}
		s := newJobs(t)
		dead, step := memoryAt(t, s.a, n, func() {
			for _, act := range acts {
				act(s)
			}
		})
		if dead == nil {
			return false
		}
		survivor(t, dead)
		again, sweepStep := memoryAt(t, dead, m, func() { dead.Bury(s.a.id) })
		last := dead
		if again != nil {
			last = again
			survivor(t, last)
			last.Bury(dead.id) // and with it whom it was sweeping
		}
		if got := s.outcome(last); !possible[got] {
			t.Fatalf("killed at %d, %q, sweeper at %d, %q:\n%s, want one of\n%v", n, step, m, sweepStep, got, possible)
		}
		for _, a := range []*Arena{s.a, dead, again} {
			if a != nil {
				_ = a.Close()
			}
		}
		if again == nil {
			return true
		}
	}
}
