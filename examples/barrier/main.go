// Barrier: two of four processes meet at a barrier, and go on at the same moment; the other two do not wait.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/multiproc/mp"
)

var meet = mp.Proc3(func(ctx context.Context, name string, barrier *mp.Barrier, printing *mp.Lock) error {
	if name == "second" {
		time.Sleep(100 * time.Millisecond) // the first waits for it
	}
	if _, err := barrier.WaitContext(ctx); err != nil {
		return err // for example because the other died
	}
	return say(ctx, name, printing)
})

var pass = mp.Proc2(say)

func say(ctx context.Context, name string, printing *mp.Lock) error {
	now := time.Now()
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(name, now.Format("15:04:05.000"))
	return nil
}

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	barrier := mp.NewBarrier(2)
	printing := mp.NewLock(mp.Name("printing"), mp.Release) // guards nothing that a death could tear
	var group mp.Group
	group.Start(ctx, meet("first", barrier, printing))
	group.Start(ctx, meet("second", barrier, printing))
	group.Start(ctx, pass("third", printing))
	group.Start(ctx, pass("fourth", printing))
	return group.Join()
}
