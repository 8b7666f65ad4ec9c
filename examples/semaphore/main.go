// Semaphore: five processes want into a room for three, and never are more inside.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/multiproc/mp"
)

// room is who is inside; any plain struct can be shared.
type room struct{ Now, Most int }

var enter = mp.Proc2(func(ctx context.Context, permits *mp.BoundedSemaphore, inside *mp.Value[room]) error {
	permits.Acquire()
	defer permits.Release()
	inside.Update(func(r *room) { r.Now++; r.Most = max(r.Most, r.Now) })
	time.Sleep(100 * time.Millisecond)
	inside.Update(func(r *room) { r.Now-- })
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	permits, inside := mp.NewBoundedSemaphore(3), mp.NewValue(room{})
	var group mp.Group
	for range 5 {
		group.Start(ctx, enter(permits, inside))
	}
	err := group.Join()
	fmt.Println("never more inside than", inside.Load().Most)
	return err
}
