//go:build linux

package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/internal/sys"
)

// storm is the root of the family, which kills.
type storm struct {
	weather
	t        *testing.T
	r        *rand.Rand
	look     *inspect.Arena
	workers  []*mp.Process
	started  uint64
	kills    int
	teardown time.Duration // from a kill to its Join, the longest
}

func TestStorm(t *testing.T) {
	before := settled(t, usageOf(t), nil)
	s := &storm{weather: newWeather(), t: t, r: rand.New(rand.NewPCG(uint64(os.Getpid()), 1)), look: lookAtSelf(t)}
	n := 6
	if race.Enabled {
		n = 3
	}
	s.workers = make([]*mp.Process, n)
	for i := range s.workers {
		s.start(i)
	}
	for end := time.Now().Add(*stormTime); time.Now().Before(end) && !t.Failed(); {
		time.Sleep(time.Duration(3+s.r.IntN(8)) * time.Millisecond)
		s.kill(s.r.IntN(n))
		s.watch()
	}
	s.calm()
	if found := s.look.Check(); len(found) > 0 {
		t.Errorf("Check finds %v", found)
	}
	if err := s.look.Close(); err != nil {
		t.Error(err)
	}
	s.tell()
	s.weather = weather{}
	settled(t, before, before.compare)
}

func (s *storm) start(who int) {
	s.started++
	p := &mp.Process{Target: worker(s.weather, who, s.started), Name: fmt.Sprintf("worker-%d.%d", who, s.started)}
	atomic.StoreInt64(&s.Ledger.Ptr()[who].Last, sys.Monotonic())
	if err := p.Start(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	s.workers[who] = p
}

// kill ends a worker, but nothing that it has started: that has to end by itself.
func (s *storm) kill(who int) {
	p, at := s.workers[who], time.Now()
	if err := p.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Error(err)
	}
	err := p.Join()
	if exit, ok := errors.AsType[*mp.ExitError](err); !ok || exit.Signal != syscall.SIGKILL {
		s.t.Errorf("%s: %v", p.Name, err)
	}
	s.kills++
	s.teardown = max(s.teardown, time.Since(at))
	s.start(who)
}

// watch sees to it that nobody waits for long. A worker that is being started has the same time.
func (s *storm) watch() {
	for i, p := range s.workers {
		idle := sys.Monotonic() - atomic.LoadInt64(&s.Ledger.Ptr()[i].Last)
		if idle > int64(within) {
			snapshot, err := s.look.Snapshot()
			s.t.Fatalf("%s (pid %d) has done nothing for %v\n%+v %v", p.Name, p.PID(), time.Duration(idle), snapshot, err)
		}
	}
}

// calm ends the workers, and mends what the last deaths have left.
func (s *storm) calm() {
	s.Stop.Store(1)
	for _, p := range s.workers {
		if err := p.Join(); err != nil {
			s.t.Errorf("%s: %v", p.Name, err)
		}
	}
	var begun, done int64
	for i := range s.Ledger.Ptr() {
		a := &s.Ledger.Ptr()[i]
		begun, done = begun+a.Begun, done+a.Done
	}
	if n := s.Word.Load(); n < done || n > begun {
		s.t.Errorf("%d additions were begun, %d came to their end, and the sum is %d", begun, done, n)
	}
	b := s.Bank.Load()
	if err := b.check(); err != nil {
		s.t.Error(err)
	}
	for i, l := range s.Locks {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		if err := lock(ctx, l, s.Pairs[i].Ptr(), &s.Ledger.Ptr()[0]); err != nil {
			s.t.Error(err)
		} else if p := *s.Pairs[i].Ptr(); p[0] != p[1] {
			s.t.Errorf("torn under lock %d: %v", i, p)
		}
		cancel()
	}
	// Whoever sleeps looks for the dead: the slots that a killed worker had claimed for a child of its own.
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := s.Locks[0].LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		s.t.Errorf("a lock that we hold: %v", err)
	}
	for _, l := range s.Locks {
		l.Unlock()
	}
}

// tell prints the line that the README quotes.
func (s *storm) tell() {
	var sum account
	for _, a := range s.Ledger.Ptr() {
		sum.Ops, sum.Recovered, sum.Cancelled = sum.Ops+a.Ops, sum.Recovered+a.Recovered, sum.Cancelled+a.Cancelled
		sum.Objects, sum.Children = sum.Objects+a.Objects, sum.Children+a.Children
		sum.Slowest = max(sum.Slowest, a.Slowest)
	}
	s.t.Logf("%v, %d processes: %d kills, %d operations, %d recoveries, %d cancelled waits, %d objects, %d grandchildren; slowest return to progress %v, slowest Join of a killed process %v",
		*stormTime, len(s.workers), s.kills, sum.Ops, sum.Recovered, sum.Cancelled, sum.Objects, sum.Children,
		time.Duration(sum.Slowest).Round(time.Millisecond), s.teardown.Round(time.Millisecond))
	if sum.Slowest > int64(within) {
		s.t.Errorf("somebody has waited for %v", time.Duration(sum.Slowest))
	}
}

func lookAtSelf(t *testing.T) *inspect.Arena {
	t.Helper()
	a, err := inspect.Open(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// usage is what a family may not leave behind.
type usage struct {
	Left                       int64
	Objects                    uint64
	Processes, Files, Children int
}

func (u usage) compare(now usage) error {
	if now.Left < u.Left || now.Objects > u.Objects || now.Processes > u.Processes || now.Files > u.Files || now.Children > u.Children {
		return fmt.Errorf("before: %+v, after: %+v", u, now)
	}
	return nil
}

// usageOf counts what this process has, and makes the arena if it is the first to use it.
func usageOf(t *testing.T) usage {
	t.Helper()
	if _, err := mp.Run(t.Context(), grandchild(mp.NewValue(bank{}), 1)); err != nil { // what is made once is made now
		t.Fatal(err)
	}
	for deadline := time.Now().Add(within); len(mp.ActiveChildren()) > 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	return count(t)
}

func count(t *testing.T) usage {
	t.Helper()
	look := lookAtSelf(t)
	defer look.Close()
	s, err := look.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return usage{mp.DefaultArena().Left(), s.Arena.Objects, len(s.Processes), len(files), len(children(t))}
}

// children are the pids of this process's children, zombies too.
func children(t *testing.T) []string {
	t.Helper()
	var all []string
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		b, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children") // a thread may end meanwhile
		all = append(all, strings.Fields(string(b))...)
	}
	return all
}

// settled collects garbage until nothing changes any more, or until good is content, and returns what is in use then.
func settled(t *testing.T, was usage, good func(usage) error) usage {
	t.Helper()
	deadline, same := time.Now().Add(2*within), 0
	for {
		runtime.GC()
		now := count(t)
		if same++; now != was {
			same = 0
		}
		was = now
		switch {
		case good == nil && same == 20:
			return now
		case good != nil && good(now) == nil:
			return now
		case time.Now().After(deadline):
			if good != nil {
				t.Error(good(now))
			}
			return now
		}
		time.Sleep(time.Millisecond)
	}
}
