package bench

import (
	"context"
	"fmt"
	"sync"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

// taskRows compares mp.JoinableQueue inside one process with what does the same with a channel: a WaitGroup beside it.
func taskRows(scale float64) []Row {
	const limit = 128
	n := int(1e5 * scale)
	var rows []Row
	for _, goroutines := range []int{1, 4} {
		rows = append(rows, Row{
			Name:   fmt.Sprintf("mp.JoinableQueue of %d, in one process, %d to %d", limit, goroutines, goroutines),
			Beside: "buffered channel and WaitGroup", Most: 8, Rounds: 7,
			Ours:   throughTasks(n, goroutines, limit),
			Theirs: throughWaitGroup(n, goroutines, limit),
		})
	}
	return rows
}

// bothSides runs so many goroutines of either kind, which share n.
func bothSides(n, goroutines int, put, get func(n int)) {
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() { put(n / goroutines) })
		wg.Go(func() { get(n / goroutines) })
	}
	wg.Wait()
}

func throughTasks(n, goroutines, limit int) func(context.Context) (float64, error) {
	return perOp(n, func(n int) {
		q := mp.NewJoinableQueue[int](limit)
		bothSides(n, goroutines, func(n int) {
			for i := range n {
				_ = q.Put(i) // it is not shut down
			}
		}, func(n int) {
			for range n {
				m, _ := q.Get()
				m.TaskDone()
			}
		})
		q.Join()
	})
}

func throughWaitGroup(n, goroutines, limit int) func(context.Context) (float64, error) {
	return perOp(n, func(n int) {
		var unfinished sync.WaitGroup
		c := make(chan int, limit)
		bothSides(n, goroutines, func(n int) {
			for i := range n {
				unfinished.Add(1)
				c <- i
			}
		}, func(n int) {
			for range n {
				<-c
				unfinished.Done()
			}
		})
		unfinished.Wait()
	})
}

var (
	employ = mp.Proc3(func(ctx context.Context, r race, n int, q *mp.JoinableQueue[int]) error {
		r.begin()
		for i := range n {
			if err := q.PutContext(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	work = mp.Proc3(func(ctx context.Context, r race, n int, q *mp.JoinableQueue[int]) error {
		r.begin()
		for range n {
			m, err := q.GetContext(ctx)
			if err != nil {
				return err
			}
			m.TaskDone()
		}
		r.end()
		return nil
	})
)

// throughSharedTasks has processes put n numbers that as many others do.
func throughSharedTasks(n, processes int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		q, made := mp.NewJoinableQueue[int](0), 0
		ns, err := count(ctx, 2*processes, n/processes, func(r race) mp.Target {
			if made++; made%2 == 0 {
				return work(r, n/processes, q)
			}
			return employ(r, n/processes, q)
		})
		q.Join()
		return 2 * ns, err // it counts what each process does as an operation
	}
}

func cpythonTaskRows(py *rivals.Program, scale float64) []Row {
	var rows []Row
	for _, processes := range []int{1, 4} {
		ours, theirs := int(2e5*scale), int(1e4*scale)
		rows = append(rows, Row{
			Name:   fmt.Sprintf("mp.JoinableQueue, %d to %d processes", processes, processes),
			Beside: "CPython JoinableQueue", Most: 0.2, Rounds: 5,
			Ours: throughSharedTasks(ours, processes), Theirs: rival(py, "tasks", fmt.Sprint(processes), fmt.Sprint(theirs), "1"),
		})
	}
	return rows
}
