package bench

import (
	"context"
	"fmt"

	"github.com/multiproc/mp"

	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

var passTurns = mp.Func3(func(_ context.Context, r race, n int, b *mp.Barrier) (int, error) {
	r.begin()
	for range n {
		if _, err := b.Wait(); err != nil {
			return 0, err
		}
	}
	r.end()
	return n, nil
})

// barrierRows: of ten processes on two CPUs most sleep, and a wait is a sleep in the kernel and a wake-up, 1.2 switches of the
// CPU in all. That takes 3 to 5 µs of CPU with bare futexes in C, 5 to 6 with ours, 40 with CPython's: nearly all that the
// target leaves is the kernel's.
func barrierRows(py *rivals.Program, scale float64) []Row {
	var rows []Row
	for _, p := range []int{2, 10} {
		ours, theirs := max(1, int(6e4*scale)/p), max(1, int(4e3*scale)/p)
		rows = append(rows, Row{
			Name: fmt.Sprintf("Barrier, a turn of %d processes", p), Beside: "CPython Barrier", Most: 0.1, Rounds: 5,
			Ours: turns(p, ours), Theirs: rival(py, "barrier", fmt.Sprint(p), fmt.Sprint(theirs), "1"),
		})
	}
	return rows
}

// turns has processes pass a barrier together, and gives the ns of one turn.
func turns(processes, n int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		b := mp.NewBarrier(processes)
		ns, err := count(ctx, processes, n, func(r race) mp.Target { return passTurns(r, n, b) })
		return ns * float64(processes), err // count divides by all waits
	}
}
