package bench

import (
	"context"
	"sync"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/threading"
)

func rwLockRows(scale float64) []Row {
	n := int(2e6 * scale)
	var (
		mutex  sync.RWMutex
		shared = mp.NewRWLock()
		local  threading.RWLock
	)
	read := perOp(n, func(n int) {
		for range n {
			mutex.RLock()
			mutex.RUnlock()
		}
	})
	write := perOp(n, func(n int) {
		for range n {
			mutex.Lock()
			mutex.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	})
	return []Row{
		{
			Name: "RWLock, read, uncontended", Beside: "sync.RWMutex", Most: 1.3, Rounds: 15, Theirs: read,
			Ours: perOp(n, func(n int) {
				for range n {
					shared.RLock()
					shared.RUnlock()
				}
			}),
		},
		{
			Name: "RWLock, write, uncontended", Beside: "sync.RWMutex", Most: 1.3, Rounds: 15, Theirs: write,
			Ours: perOp(n, func(n int) {
				for range n {
					shared.Lock()
					shared.Unlock() //nolint:staticcheck // the pair is what is measured
				}
			}),
		},
		{
			Name: "threading.RWLock, read, uncontended", Beside: "sync.RWMutex", Most: 1.3, Rounds: 15, Theirs: read,
			Ours: perOp(n, func(n int) {
				for range n {
					local.RLock()
					local.RUnlock()
				}
			}),
		},
		{
			Name: "threading.RWLock, write, uncontended", Beside: "sync.RWMutex", Most: 1.3, Rounds: 15, Theirs: write,
			Ours: perOp(n, func(n int) {
				for range n {
					local.Lock()
					local.Unlock() //nolint:staticcheck // the pair is what is measured
				}
			}),
		},
		{
			Name: "threading.RWLock, 2 goroutines, 1 write in 10", Beside: "sync.RWMutex", Rounds: 9,
			Ours: mixed(n/8, &local), Theirs: mixed(n/8, &mutex),
		},
	}
}

// mixed is n rounds of each of two goroutines, of which one in ten writes.
func mixed(n int, l interface {
	sync.Locker
	RLock()
	RUnlock()
}) func(context.Context) (float64, error) {
	return perOp(2*n, func(int) {
		var wg sync.WaitGroup
		count := 0
		for range 2 {
			wg.Go(func() {
				for i := range n {
					if i%10 == 0 {
						l.Lock()
						count++
						l.Unlock()
					} else {
						l.RLock()
						_ = count
						l.RUnlock()
					}
				}
			})
		}
		wg.Wait()
	})
}
