// Counter10: ten processes add 1 to a shared value; none of the ten is lost.
package main

import (
	"context"
	"fmt"

	"github.com/multiproc/mp"
)

// increment runs in a process of its own: any process of this program can be asked to run it.
var increment = mp.Proc(func(ctx context.Context, counter *mp.Value[int]) error {
	counter.Update(func(n *int) { *n++ }) // whole or not at all, even if this process is killed here
	return nil
})

func main() { mp.Main(run) } // child processes never reach run

func run(ctx context.Context) error {
	counter := mp.NewValue(0)
	var group mp.Group
	for range 10 {
		group.Start(ctx, increment(counter)) // handles travel as arguments, in messages, in results
	}
	if err := group.Join(); err != nil {
		return err
	}
	fmt.Println("Counter:", counter.Load())
	return nil
}
