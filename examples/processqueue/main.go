// Process queue: two processes take jobs out of a queue and put what comes of them into another.
package main

import (
	"context"
	"fmt"

	"github.com/multiproc/mp"
)

type job struct {
	Name    string
	Numbers []int
}

type result struct {
	Name string
	Sum  int
}

var worker = mp.Proc2(func(ctx context.Context, jobs *mp.Queue[job], results *mp.Queue[result]) error {
	for j, err := range jobs.All(ctx) { // until the queue is shut down and empty
		if err != nil {
			return err
		}
		sum := 0
		for _, n := range j.Numbers {
			sum += n
		}
		if err := results.PutContext(ctx, result{j.Name, sum}); err != nil {
			return err
		}
	}
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	jobs, results := mp.NewQueue[job](2), mp.NewQueue[result](0)
	var workers mp.Group
	for range 2 {
		workers.Start(ctx, worker(jobs, results))
	}
	for _, j := range []job{{"ones", []int{1, 1, 1}}, {"squares", []int{1, 4, 9}}, {"nothing", nil}} {
		if err := jobs.PutContext(ctx, j); err != nil {
			return err
		}
	}
	jobs.Shutdown()
	if err := workers.Join(); err != nil {
		return err
	}
	sums := map[string]int{}
	for results.Len() > 0 {
		r, err := results.Get()
		if err != nil {
			return err
		}
		sums[r.Name] = r.Sum
	}
	fmt.Println(sums)
	return nil
}
