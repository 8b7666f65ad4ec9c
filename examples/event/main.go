// Event: one process waits for an event that another sets.
package main

import (
	"context"
	"fmt"

	"github.com/multiproc/mp"
)

// wait says by asked that it is there, so that "waiting" is printed first.
var wait = mp.Proc2(func(ctx context.Context, asked, happened *mp.Event) error {
	fmt.Println("waiting")
	asked.Set()
	if err := happened.WaitContext(ctx); err != nil {
		return err
	}
	fmt.Println("it happened")
	return nil
})

var set = mp.Proc2(func(ctx context.Context, asked, happened *mp.Event) error {
	if err := asked.WaitContext(ctx); err != nil {
		return err
	}
	fmt.Println("setting")
	happened.Set()
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	asked, happened := mp.NewEvent(), mp.NewEvent()
	var group mp.Group
	group.Start(ctx, wait(asked, happened))
	group.Start(ctx, set(asked, happened))
	return group.Join()
}
