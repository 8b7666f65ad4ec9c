//go:build linux

package mp_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// roads are locks of all kinds, which everybody takes in the order in which they stand here.
type roads struct {
	Locks []*mp.Lock
	RW    []*mp.RWLock
	Again []*mp.RLock
}

func newRoads(opt mp.Option) roads {
	return roads{
		[]*mp.Lock{mp.NewLock(opt), mp.NewLock(opt)}, []*mp.RWLock{mp.NewRWLock(opt), mp.NewRWLock(opt)}, []*mp.RLock{mp.NewRLock(opt)},
	}
}

// sides are the ways of one goroutine to take them; the readers-writer locks for the one or the other.
func (r roads) sides(random *rand.Rand) (all []side) {
	for _, l := range r.RW {
		if random.IntN(3) == 0 {
			all = append(all, writing(l))
		} else {
			all = append(all, reading(l))
		}
	}
	for _, l := range r.Locks {
		all = append(all, plain(l))
	}
	for _, l := range r.Again {
		all = append(all, again(l))
	}
	return all
}

// traffic takes two of the locks at a time, always in the same order, from several goroutines: all waiting is legal.
var traffic = mp.Proc3(func(ctx context.Context, r roads, stop *mp.Value[int], seed int) error {
	const goroutines = 4
	done := make(chan error)
	for g := range goroutines {
		go func() {
			random := rand.New(rand.NewPCG(uint64(seed), uint64(g)))
			var err error
			for stop.Load() == 0 && err == nil {
				sides := r.sides(random)
				low, high := random.IntN(len(sides)), random.IntN(len(sides))
				if low != high {
					err = both(ctx, sides[min(low, high)], sides[max(low, high)])
				}
			}
			done <- err
		}()
	}
	var errs []error
	for range goroutines {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
})

func both(ctx context.Context, low, high side) error {
	if err := low.take(ctx); err != nil {
		return err
	}
	defer low.give()
	runtime.Gosched()
	if err := high.take(ctx); err != nil {
		return err
	}
	runtime.Gosched()
	high.give()
	return nil
}

// Legal waiting, and much of it, is never a deadlock, however often one looks.
func TestNoFalseAlarm(t *testing.T) {
	const processes, looks = 4, 3 * time.Second
	stop, a, r := mp.NewValue(0), looker(t), newRoads(mp.DetectDeadlock)
	var group mp.Group
	for seed := range processes {
		group.Start(context.Background(), traffic(r, stop, seed))
	}
	n, waits := 0, 0
	for begin := time.Now(); time.Since(begin) < looks || (n < 100 || waits == 0) && time.Since(begin) < 10*looks; n++ {
		found, err := a.Deadlocks()
		if err != nil || len(found) > 0 {
			t.Fatalf("look %d: %v, %+v", n, err, found)
		}
		if s, err := a.Snapshot(); n%50 == 0 && err == nil {
			for _, p := range s.Processes {
				waits += len(p.Waits)
			}
		}
	}
	stop.Store(1)
	if err := group.Join(); err != nil {
		t.Error(err)
	}
	if n < 100 || waits == 0 {
		t.Errorf("%d looks saw %d waits: too few to tell", n, waits)
	}
	t.Logf("%d looks", n)
}
