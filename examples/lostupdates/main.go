// Lostupdates: ten processes add 1 twenty times each, first without a lock, then with one, then by
// Value.Update. Without a lock updates get lost.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/multiproc/mp"
)

const workers, rounds = 10, 20

// addSlowly reads, works for a moment, and writes: whoever wrote in the moment is overwritten.
func addSlowly(counter *mp.RawValue[int]) {
	n := counter.Load()
	time.Sleep(time.Millisecond)
	counter.Store(n + 1)
}

var unguarded = mp.Proc(func(ctx context.Context, counter *mp.RawValue[int]) error {
	for range rounds {
		addSlowly(counter)
	}
	return nil
})

var locked = mp.Proc2(func(ctx context.Context, counter *mp.RawValue[int], lock *mp.Lock) error {
	for range rounds {
		lock.Lock()
		addSlowly(counter)
		lock.Unlock()
	}
	return nil
})

var updated = mp.Proc(func(ctx context.Context, counter *mp.Value[int]) error {
	for range rounds {
		counter.Update(func(n *int) { *n++ })
	}
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	raw := mp.NewRawValue(0)
	if err := inParallel(ctx, unguarded(raw)); err != nil {
		return err
	}
	fmt.Printf("without a lock: %d of %d\n", raw.Load(), workers*rounds)

	raw.Store(0)
	if err := inParallel(ctx, locked(raw, mp.NewLock())); err != nil {
		return err
	}
	fmt.Println("with a lock:", raw.Load())

	value := mp.NewValue(0)
	if err := inParallel(ctx, updated(value)); err != nil {
		return err
	}
	fmt.Println("with Value.Update:", value.Load())
	return nil
}

// inParallel takes any call: what it calls and with how many arguments is not its business.
func inParallel(ctx context.Context, work mp.Target) error {
	var group mp.Group
	for range workers {
		group.Start(ctx, work)
	}
	return group.Join()
}
