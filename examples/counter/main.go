// Counter: one process adds 1 to a shared value ten times and prints what it sees.
package main

import (
	"context"
	"fmt"

	"github.com/multiproc/mp"
)

var increment = mp.Proc(func(ctx context.Context, counter *mp.Value[int]) error {
	for range 10 {
		fmt.Println(mp.Add(counter, 1))
	}
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	counter := mp.NewValue(0)
	p := &mp.Process{Target: increment(counter)}
	if err := p.Start(ctx); err != nil {
		return err
	}
	return p.Join()
}
