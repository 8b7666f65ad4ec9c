// Condition: a producer and a consumer share a table with room for one, once as threads, once as processes.
package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/threading"
)

// condition is what threading.Condition and mp.Condition have in common here.
type condition interface {
	sync.Locker
	WaitFor(ok func() bool)
	Notify(n int)
}

func produce(c condition, table *int) {
	for n := 1; n <= 3; n++ {
		c.Lock()
		c.WaitFor(func() bool { return *table == 0 })
		*table = n
		fmt.Println("produced", n)
		c.Notify(1)
		c.Unlock()
	}
}

func consume(c condition, table *int) {
	for range 3 {
		c.Lock()
		c.WaitFor(func() bool { return *table != 0 })
		fmt.Println("consumed", *table)
		*table = 0
		c.Notify(1)
		c.Unlock()
	}
}

var producer = mp.Proc2(func(ctx context.Context, c *mp.Condition, table *mp.RawValue[int]) error {
	produce(c, table.Ptr())
	return nil
})

var consumer = mp.Proc2(func(ctx context.Context, c *mp.Condition, table *mp.RawValue[int]) error {
	consume(c, table.Ptr())
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	var (
		c       threading.Condition
		table   int
		threads threading.Group
	)
	threads.Start(ctx, func(context.Context) error { consume(&c, &table); return nil })
	threads.Start(ctx, func(context.Context) error { produce(&c, &table); return nil })
	if err := threads.Join(); err != nil {
		return err
	}
	shared, place := mp.NewCondition(nil), mp.NewRawValue(0)
	var processes mp.Group
	processes.Start(ctx, consumer(shared, place))
	processes.Start(ctx, producer(shared, place))
	return processes.Join()
}
