package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/threading"
)

// perOp times n rounds of a loop that the caller writes out, so that what is measured is inlined as in a program.
func perOp(n int, loop func(n int)) func(context.Context) (float64, error) {
	return func(context.Context) (float64, error) {
		begin := time.Now()
		loop(n)
		return float64(time.Since(begin)) / float64(n), nil
	}
}

func lockRows(scale float64) []Row {
	n := int(2e6 * scale)
	var (
		mutex  sync.Mutex
		shared = mp.NewLock()
		local  threading.Lock
	)
	std := perOp(n, func(n int) {
		for range n {
			mutex.Lock()
			mutex.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	})
	return []Row{
		{
			Name: "Lock, uncontended", Beside: "sync.Mutex", Most: 1.3, Rounds: 15, Theirs: std,
			Ours: sharedPair(n, shared),
		},
		{
			Name: "threading.Lock, uncontended", Beside: "sync.Mutex", Most: 1.3, Rounds: 15, Theirs: std,
			Ours: perOp(n, func(n int) {
				for range n {
					local.Lock()
					local.Unlock() //nolint:staticcheck // the pair is what is measured
				}
			}),
		},
		{
			Name: "threading.Lock, 2 goroutines", Beside: "sync.Mutex", Rounds: 9,
			Ours: twoGoroutines(n/4, &local), Theirs: twoGoroutines(n/4, &mutex),
		},
	}
}

func sharedPair(n int, l *mp.Lock) func(context.Context) (float64, error) {
	return perOp(n, func(n int) {
		for range n {
			l.Lock()
			l.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	})
}

func twoGoroutines(n int, l sync.Locker) func(context.Context) (float64, error) {
	return perOp(2*n, func(int) {
		var wg sync.WaitGroup
		count := 0
		for range 2 {
			wg.Go(func() {
				for range n {
					l.Lock()
					count++
					l.Unlock()
				}
			})
		}
		wg.Wait()
	})
}

func valueRows(scale float64) []Row {
	n := int(2e6 * scale)
	var (
		shared = mp.NewValue(0)
		large  = mp.NewValue([8]int{})
		heap   atomic.Int64
		mutex  sync.Mutex
		plain  int
		array  [8]int
	)
	return []Row{
		{
			// No target: from the handle to the word in the arena is one more load, a third of the whole on some machines.
			Name: "Add to a Value", Beside: "atomic.Int64", Rounds: 15,
			Ours:   perOp(n, func(n int) { addTo(n, shared) }),
			Theirs: perOp(n, func(n int) { addToAtomic(n, &heap) }),
		},
		{
			Name: "Value.Update, word", Beside: "sync.Mutex around n++", Rounds: 15,
			Ours: perOp(n, func(n int) {
				for range n {
					shared.Update(func(x *int) { *x++ })
				}
			}),
			Theirs: perOp(n, func(n int) {
				for range n {
					mutex.Lock()
					plain++
					mutex.Unlock()
				}
			}),
		},
		{
			Name: "Value.Update, 64 bytes", Beside: "sync.Mutex around a[0]++", Rounds: 15,
			Ours: perOp(n, func(n int) {
				for range n {
					large.Update(func(x *[8]int) { x[0]++ })
				}
			}),
			Theirs: perOp(n, func(n int) {
				for range n {
					mutex.Lock()
					array[0]++
					mutex.Unlock()
				}
			}),
		},
	}
}

func addTo(n int, v *mp.Value[int]) {
	for range n {
		mp.Add(v, 1)
	}
}

func addToAtomic(n int, v *atomic.Int64) {
	for range n {
		v.Add(1)
	}
}
