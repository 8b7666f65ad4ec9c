package bench

import (
	"sync"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/threading"
)

func rlockRows(scale float64) []Row {
	n := int(2e6 * scale)
	var (
		mutex  sync.Mutex
		local  threading.RLock
		shared = mp.NewRLock().Holder()
		own    = local.Holder()
	)
	std := perOp(n, func(n int) {
		for range n {
			mutex.Lock()
			mutex.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	})
	pair := func(n int) {
		for range n {
			shared.Lock()
			shared.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	}
	ownPair := func(n int) {
		for range n {
			own.Lock()
			own.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	}
	return []Row{
		{Name: "RLock, uncontended", Beside: "sync.Mutex", Most: 1.3, Rounds: 15, Theirs: std, Ours: perOp(n, pair)},
		{Name: "threading.RLock, uncontended", Beside: "sync.Mutex", Most: 1.3, Rounds: 15, Theirs: std, Ours: perOp(n, ownPair)},
		{
			Name: "RLock, one level more", Beside: "sync.Mutex", Most: 0.8, Rounds: 15, Theirs: std,
			Ours: perOp(n, func(n int) {
				shared.Lock()
				defer shared.Unlock()
				pair(n)
			}),
		},
		{
			Name: "threading.RLock, one level more", Beside: "sync.Mutex", Most: 0.8, Rounds: 15, Theirs: std,
			Ours: perOp(n, func(n int) {
				own.Lock()
				defer own.Unlock()
				ownPair(n)
			}),
		},
	}
}
