package bench

import (
	"context"
	"fmt"
	"sync"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

// sharedQueueRows compares mp.Queue inside one process with a buffered channel.
func sharedQueueRows(scale float64) []Row {
	const limit = 128
	n := int(2e5 * scale)
	return []Row{{
		Name: fmt.Sprintf("mp.Queue of %d, in one process", limit), Beside: "buffered channel", Most: 4, Rounds: 9,
		Ours: perOp(n, func(n int) {
			q := mp.NewQueue[int](limit)
			var wg sync.WaitGroup
			wg.Go(func() {
				for i := range n {
					_ = q.Put(i) // it is not shut down
				}
			})
			for range n {
				_, _ = q.Get()
			}
			wg.Wait()
		}),
		Theirs: throughChannel(n, 1, make(chan int, limit)),
	}}
}

var (
	produceInts = mp.Proc3(func(ctx context.Context, r race, n int, q *mp.Queue[int]) error {
		r.begin()
		for i := range n {
			if err := q.PutContext(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	consumeInts = mp.Proc3(consume[int])
)

func consume[T any](ctx context.Context, r race, n int, q *mp.Queue[T]) error {
	r.begin()
	for range n {
		if _, err := q.GetContext(ctx); err != nil {
			return err
		}
	}
	r.end()
	return nil
}

// throughShared has processes put n numbers in all that as many others get.
func throughShared(n, pairs, limit int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		q, started := mp.NewQueue[int](limit), 0
		ns, err := count(ctx, 2*pairs, n/pairs, func(r race) mp.Target {
			if started++; started <= pairs {
				return produceInts(r, n/pairs, q)
			}
			return consumeInts(r, n/pairs, q)
		})
		return 2 * ns, err // it counts what each process does as an operation
	}
}

func cpythonQueueRows(py *rivals.Program, scale float64) []Row {
	ours, theirs := int(4e5*scale), int(2e4*scale)
	var rows []Row
	for _, pairs := range []int{1, 4} {
		rows = append(rows, Row{
			Name: fmt.Sprintf("mp.Queue, %d processes to %d", pairs, pairs), Beside: "CPython Queue", Most: 1.0 / 30, Rounds: 5,
			Ours: throughShared(ours, pairs, 0), Theirs: rival(py, "queue", fmt.Sprint(pairs), fmt.Sprint(theirs/pairs), "1"),
		})
	}
	return rows
}
