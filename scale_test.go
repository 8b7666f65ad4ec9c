//go:build linux

package mp_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/park"
)

// crowd is what ten processes of a thousand goroutines want at once.
type crowd struct {
	Lock    *mp.Lock
	Count   *mp.RawValue[int] // under Lock
	Event   *mp.Event
	Cond    *mp.Condition // over Lock
	Waiting *mp.RawValue[int]
	Barrier *mp.Barrier
	There   gate
}

const (
	crowdProcesses  = 10
	crowdGoroutines = 1000
)

// crowdOne sends a thousand goroutines through all of it, and gives the threads of the process when all of them slept.
var crowdOne = mp.Func(func(_ context.Context, c crowd) (int, error) {
	var wg sync.WaitGroup
	for range crowdGoroutines {
		wg.Go(func() {
			c.There.pass()
			c.Event.Wait()
			c.Lock.Lock()
			*c.Count.Ptr()++
			*c.Waiting.Ptr()++
			c.Cond.Wait()
			c.Lock.Unlock()
			_, err := c.Barrier.Wait()
			demand(err == nil, "the barrier: %v", err)
		})
	}
	c.There.await(context.Background(), crowdProcesses*crowdGoroutines)
	n, err := threads()
	wg.Wait()
	return n, err
})

// threads is how many threads this process has.
func threads() (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(status), "Threads:")
	line, _, _ := strings.Cut(after, "\n")
	return strconv.Atoi(strings.TrimSpace(line))
}

func TestCrowdOfProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("ten processes of a thousand goroutines: left out with -short")
	}
	lock := mp.NewLock()
	c := crowd{
		Lock: lock, Count: mp.NewRawValue(0), Event: mp.NewEvent(), Cond: mp.NewCondition(lock), Waiting: mp.NewRawValue(0),
		Barrier: mp.NewBarrier(crowdProcesses * crowdGoroutines), There: newGate(),
	}
	type ending struct {
		threads int
		err     error
	}
	ends := make(chan ending, crowdProcesses)
	for range crowdProcesses {
		go func() {
			n, err := mp.Run(context.Background(), crowdOne(c))
			ends <- ending{n, err}
		}()
	}
	const all = crowdProcesses * crowdGoroutines
	within(t, time.Minute, "the crowd", func() {
		c.There.await(context.Background(), all)
		c.Event.Set()
		for done := false; !done; {
			lock.Lock()
			done = *c.Waiting.Ptr() == all
			lock.Unlock()
		}
		lock.Lock()
		c.Cond.NotifyAll()
		lock.Unlock()
		for range crowdProcesses {
			e := <-ends
			if e.err != nil {
				t.Error(e.err)
			}
			// The parker's, and the runtime's own.
			if most := park.Direct + 1 + 16; e.threads > most {
				t.Errorf("%d threads, expected at most %d", e.threads, most)
			}
		}
	})
	if n := c.Count.Load(); n != all {
		t.Errorf("%d were through the lock, of %d", n, all)
	}
}
