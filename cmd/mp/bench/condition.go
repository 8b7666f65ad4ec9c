package bench

import (
	"context"
	"fmt"
	"sync"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/cmd/mp/bench/rivals"
	"github.com/multiproc/mp/threading"
)

func conditionRows(scale float64) []Row {
	n := int(2e6 * scale)
	var c threading.Condition
	theirs := sync.NewCond(new(sync.Mutex))
	return []Row{
		{
			Name: "threading.Condition, Notify of nobody", Beside: "sync.Cond, Signal", Most: 1.3, Rounds: 15,
			Ours: perOp(n, func(n int) {
				c.Lock()
				for range n {
					c.Notify(1)
				}
				c.Unlock()
			}),
			Theirs: perOp(n, func(n int) {
				theirs.L.Lock()
				for range n {
					theirs.Signal()
				}
				theirs.L.Unlock()
			}),
		},
		{
			Name: "threading.Condition, handed over", Beside: "sync.Cond", Most: 1.3, Rounds: 25,
			Ours:   handOver(n/50, &c, c.Wait, func() { c.Notify(1) }),
			Theirs: handOver(n/50, theirs.L, theirs.Wait, theirs.Signal),
		},
	}
}

// takeTurns is one of two between whom the turn goes n times each.
func takeTurns(l sync.Locker, wait, notify func(), turn *int, me, n int) {
	l.Lock()
	defer l.Unlock()
	for range n {
		for *turn != me {
			wait()
		}
		*turn = 1 - me
		notify()
	}
}

func handOver(n int, l sync.Locker, wait, notify func()) func(context.Context) (float64, error) {
	return perOp(2*n, func(int) {
		var wg sync.WaitGroup
		turn := 0
		for me := range 2 {
			wg.Go(func() { takeTurns(l, wait, notify, &turn, me, n) })
		}
		wg.Wait()
	})
}

// conditionTable is what two processes pass a turn over.
type conditionTable struct {
	C    *mp.Condition
	Turn *mp.RawValue[int]
	Next *mp.Value[int] // who comes
}

var passTurn = mp.Proc3(func(_ context.Context, r race, n int, t conditionTable) error {
	me := mp.Add(t.Next, 1) - 1
	r.begin()
	takeTurns(t.C, t.C.Wait, func() { t.C.Notify(1) }, t.Turn.Ptr(), me, n)
	r.end()
	return nil
})

// handOverShared is handOver between two processes.
func handOverShared(n int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		t := conditionTable{mp.NewCondition(nil), mp.NewRawValue(0), mp.NewValue(0)}
		return count(ctx, 2, n, func(r race) mp.Target { return passTurn(r, n, t) })
	}
}

func cpythonConditionRows(py *rivals.Program, scale float64) []Row {
	ours, theirs := int(2e4*scale), int(4e3*scale)
	return []Row{{
		Name: "Condition, handed over, 2 processes", Beside: "CPython Condition", Most: 1.0, Rounds: 7,
		Ours: handOverShared(ours), Theirs: rival(py, "condition", fmt.Sprint(theirs), "1"),
	}}
}
