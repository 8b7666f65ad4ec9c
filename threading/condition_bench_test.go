package threading

import (
	"sync"
	"testing"
)

func BenchmarkCondition(b *testing.B) {
	b.Run("notify nobody", func(b *testing.B) {
		var c Condition
		c.Lock()
		for b.Loop() {
			c.Notify(1)
		}
		c.Unlock()
	})
	b.Run("notify nobody with lock", func(b *testing.B) {
		var c Condition
		for b.Loop() {
			c.Lock()
			c.Notify(1)
			c.Unlock()
		}
	})
	b.Run("notify nobody, sync.Cond", func(b *testing.B) {
		c := sync.NewCond(new(sync.Mutex))
		for b.Loop() {
			c.Signal()
		}
	})
	b.Run("notify nobody with lock, sync.Cond", func(b *testing.B) {
		c := sync.NewCond(new(sync.Mutex))
		for b.Loop() {
			c.L.Lock()
			c.Signal()
			c.L.Unlock()
		}
	})
	b.Run("hand over", func(b *testing.B) {
		var c Condition
		handOver(b, &c, c.Wait, func() { c.Notify(1) })
	})
	b.Run("hand over, sync.Mutex", func(b *testing.B) {
		c := Condition{L: new(sync.Mutex)}
		handOver(b, &c, c.Wait, func() { c.Notify(1) })
	})
	b.Run("hand over, sync.Cond", func(b *testing.B) {
		c := sync.NewCond(new(sync.Mutex))
		handOver(b, c.L, c.Wait, c.Signal)
	})
}

// handOver passes a turn between two goroutines; an operation is one pass.
func handOver(b *testing.B, l sync.Locker, wait, notify func()) {
	turn := 0
	play := func(me int) {
		l.Lock()
		for range b.N {
			for turn != me {
				wait()
			}
			turn = 1 - me
			notify()
		}
		l.Unlock()
	}
	var wg sync.WaitGroup
	wg.Go(func() { play(0) })
	wg.Go(func() { play(1) })
	wg.Wait()
}
