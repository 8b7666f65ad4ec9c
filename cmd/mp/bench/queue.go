package bench

import (
	"context"
	"fmt"
	"sync"

	"github.com/multiproc/mp/queue"
)

// queueRows compares with buffered channels of the same capacity.
func queueRows(scale float64) []Row {
	const limit = 128
	n := int(2e5 * scale)
	var rows []Row
	for _, goroutines := range []int{1, 4} {
		rows = append(rows, Row{
			Name: fmt.Sprintf("queue.Queue of %d, %d to %d", limit, goroutines, goroutines), Beside: "buffered channel",
			Most: 2, Rounds: 9,
			Ours:   throughQueue(n, goroutines, queue.New[int](limit)),
			Theirs: throughChannel(n, goroutines, make(chan int, limit)),
		})
	}
	return rows
}

func throughQueue(n, goroutines int, q *queue.Queue[int]) func(context.Context) (float64, error) {
	return perOp(n, func(n int) {
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				for i := range n / goroutines {
					_ = q.Put(i) // it is not shut down
				}
			})
			wg.Go(func() {
				for range n / goroutines {
					_, _ = q.Get()
				}
			})
		}
		wg.Wait()
	})
}

func throughChannel(n, goroutines int, c chan int) func(context.Context) (float64, error) {
	return perOp(n, func(n int) {
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				for i := range n / goroutines {
					c <- i
				}
			})
			wg.Go(func() {
				for range n / goroutines {
					<-c
				}
			})
		}
		wg.Wait()
	})
}
