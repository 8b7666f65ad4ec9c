// Joinable: a worker is killed in the middle of a job, and another does it.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/multiproc/mp"
)

// worker does what comes until the queue is shut down. A job's work may kill it.
var worker = mp.Proc(func(ctx context.Context, jobs *mp.JoinableQueue[string]) error {
	for job, err := range jobs.All(ctx) {
		if err != nil {
			return err
		}
		if job.Value == "heavy" && job.Delivery == 1 {
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				return err
			}
			return self.Kill() // as the kernel does when memory runs out
		}
		fmt.Printf("%s, delivery %d\n", job.Value, job.Delivery)
		job.TaskDone()
	}
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	jobs := mp.NewJoinableQueue[string](0)
	for _, job := range []string{"light", "heavy", "last"} {
		if err := jobs.PutContext(ctx, job); err != nil {
			return err
		}
	}
	first := &mp.Process{Target: worker(jobs)}
	if err := first.Start(ctx); err != nil {
		return err
	}
	_ = first.Join() // an error: it was killed
	fmt.Println(first.Name, "is dead,", jobs.Len(), "jobs are left")

	second := &mp.Process{Target: worker(jobs)}
	if err := second.Start(ctx); err != nil {
		return err
	}
	if err := jobs.JoinContext(ctx); err != nil {
		return err
	}
	jobs.Shutdown()
	return second.Join()
}
