// Queues: a producer and a consumer, until all work is done; then last in, first out; then by priority.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/multiproc/mp/queue"
	"github.com/multiproc/mp/threading"
)

type job struct {
	priority int
	name     string
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	q := queue.New[int](2) // the producer is never more than two ahead
	consumer := &threading.Thread{Name: "consumer", Target: func(ctx context.Context) error {
		for n, err := range q.All(ctx) {
			if err != nil {
				return err
			}
			fmt.Println("got", n)
			q.TaskDone()
		}
		return nil
	}}
	consumer.Start(ctx)
	for n := range 5 {
		if err := q.Put(n); err != nil {
			return err
		}
	}
	q.Join() // until TaskDone was called for each
	fmt.Println("all done")
	q.Shutdown() // ends the consumer's loop
	if err := consumer.Join(); err != nil {
		return err
	}

	lifo := queue.NewLifo[string](0)
	if _, err := lifo.PutMany(ctx, []string{"first", "second", "third"}); err != nil {
		return err
	}
	if err := show(ctx, lifo); err != nil {
		return err
	}

	jobs := queue.NewPriority(0, func(a, b job) int { return cmp.Compare(a.priority, b.priority) })
	if _, err := jobs.PutMany(ctx, []job{{3, "sweep"}, {1, "alarm"}, {2, "mail"}, {1, "second alarm"}}); err != nil {
		return err
	}
	return show(ctx, jobs)
}

// show takes any queue, whatever its order.
func show[T any](ctx context.Context, q *queue.Queue[T]) error {
	q.Shutdown() // what is there can be taken
	for v, err := range q.All(ctx) {
		if err != nil {
			return err
		}
		fmt.Println(v)
	}
	return nil
}
