package queue

import (
	"fmt"
	"sync"
	"testing"
)

func BenchmarkQueue(b *testing.B) {
	for _, limit := range []int{1, 16, 128, 1024} {
		for _, n := range []int{1, 4} {
			b.Run(fmt.Sprintf("cap=%d/%dto%d/chan", limit, n, n), func(b *testing.B) {
				c := make(chan int, limit)
				flow(b, n, func(v int) { c <- v }, func() int { return <-c })
			})
			b.Run(fmt.Sprintf("cap=%d/%dto%d/queue", limit, n, n), func(b *testing.B) {
				q := New[int](limit)
				flow(b, n, func(v int) { _ = q.Put(v) }, func() int { v, _ := q.Get(); return v })
			})
		}
	}
}

func flow(b *testing.B, n int, put func(int), get func() int) {
	b.ReportAllocs()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for i := range b.N / n {
				put(i)
			}
		})
		wg.Go(func() {
			for range b.N / n {
				get()
			}
		})
	}
	wg.Wait()
}

func BenchmarkPair(b *testing.B) {
	q := New[int](16)
	c := make(chan int, 16)
	b.Run("queue", func(b *testing.B) {
		for i := range b.N {
			_ = q.Put(i)
			_, _ = q.Get()
		}
	})
	b.Run("chan", func(b *testing.B) {
		for i := range b.N {
			c <- i
			<-c
		}
	})
}
