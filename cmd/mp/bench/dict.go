package bench

import (
	"context"
	"fmt"
	"sync"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

// dictKeys is how many keys the dicts of the benchmarks have.
const dictKeys = 1000

// locked is what Go programs share a map by.
type locked[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
}

func (l *locked[K, V]) get(k K) V {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.m[k]
}

func (l *locked[K, V]) set(k K, v V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.m[k] = v
}

// mixedOps does n operations, of which each tenth sets, on keys here and there.
func mixedOps(seed, n int, get, set func(k int)) {
	for i := range n {
		k := int(uint32(seed*n+i) * 2654435761 % dictKeys)
		if i%10 == 0 {
			set(k)
		} else {
			get(k)
		}
	}
}

var mixedDict = mp.Proc3(func(_ context.Context, r race, n int, d *mp.Dict[int, int]) (err error) {
	r.begin()
	mixedOps(int(mp.CurrentProcess().PID()), n, func(k int) { d.Get(k) }, func(k int) { err = d.Set(k, k) })
	r.end()
	return err
})

func newIntDict() (*mp.Dict[int, int], error) {
	d := mp.NewDict[int, int]()
	for k := range dictKeys {
		if err := d.Set(k, k); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// mixedProcesses is the time of an operation, all processes together.
func mixedProcesses(processes, n int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		d, err := newIntDict()
		if err != nil {
			return 0, err
		}
		return count(ctx, processes, n, func(r race) mp.Target { return mixedDict(r, n, d) })
	}
}

// mixedGoroutines is the same with a map in one process.
func mixedGoroutines(goroutines, n int) func(context.Context) (float64, error) {
	m := &locked[int, int]{m: map[int]int{}}
	for k := range dictKeys {
		m.m[k] = k
	}
	return perOp(goroutines*n, func(int) {
		var wg sync.WaitGroup
		for seed := range goroutines {
			wg.Go(func() { mixedOps(seed, n, func(k int) { m.get(k) }, func(k int) { m.set(k, k) }) })
		}
		wg.Wait()
	})
}

func dictRows(scale float64) []Row {
	n := int(2e5 * scale)
	rows := []Row{dictGets(n), dictSets(n), dictStrings(n)}
	for _, p := range []int{1, 2, 4, 8} {
		each := max(1, n/p)
		rows = append(rows, Row{
			Name: fmt.Sprintf("Dict, 9 Get and a Set, %d processes", p), Beside: fmt.Sprintf("map under sync.RWMutex, %d goroutines", p), Most: 12, Rounds: 5,
			Ours: mixedProcesses(p, each), Theirs: mixedGoroutines(p, each),
		})
	}
	return rows
}

func dictGets(n int) Row {
	d, err := newIntDict()
	m := &locked[int, int]{m: map[int]int{}}
	for k := range dictKeys {
		m.set(k, k)
	}
	return Row{
		Name: "Dict.Get, int to int", Beside: "map under sync.RWMutex", Most: 6, Rounds: 7,
		Ours: orFail(err, perOp(n, func(n int) {
			for i := range n {
				d.Get(i % dictKeys)
			}
		})),
		Theirs: perOp(n, func(n int) {
			for i := range n {
				m.get(i % dictKeys)
			}
		}),
	}
}

func dictSets(n int) Row {
	d, err := newIntDict()
	var m sync.Map
	return Row{
		Name: "Dict.Set, int to int", Beside: "sync.Map.Store", Most: 3, Rounds: 7,
		Ours: orFail(err, perOp(n, func(n int) {
			for i := range n {
				_ = d.Set(i%dictKeys, i) // there is room: nothing grows
			}
		})),
		Theirs: perOp(n, func(n int) {
			for i := range n {
				m.Store(i%dictKeys, i)
			}
		}),
	}
}

func dictStrings(n int) Row {
	d, m := mp.NewDict[string, string](), &locked[string, string]{m: map[string]string{}}
	var err error
	keys := make([]string, dictKeys)
	for i := range keys {
		keys[i] = fmt.Sprintf("key number %d", i)
		err = d.Set(keys[i], keys[i])
		m.set(keys[i], keys[i])
	}
	return Row{
		Name: "Dict.Get, string to string", Beside: "map under sync.RWMutex", Most: 8, Rounds: 7,
		Ours: orFail(err, perOp(n, func(n int) {
			for i := range n {
				d.Get(keys[i%dictKeys])
			}
		})),
		Theirs: perOp(n, func(n int) {
			for i := range n {
				m.get(keys[i%dictKeys])
			}
		}),
	}
}

// orFail is f, or what went wrong before it.
func orFail(err error, f func(context.Context) (float64, error)) func(context.Context) (float64, error) {
	if err != nil {
		return func(context.Context) (float64, error) { return 0, err }
	}
	return f
}

func cpythonDictRows(py *rivals.Program, scale float64) []Row {
	ours, theirs := int(2e5*scale), int(1e3*scale)+10
	return []Row{{
		Name: "Dict, 9 Get and a Set, 2 processes", Beside: "CPython Manager().dict()", Most: 0.05, Rounds: 3,
		Ours: mixedProcesses(2, ours), Theirs: rival(py, "dict", "2", fmt.Sprint(theirs), "1"),
	}}
}
