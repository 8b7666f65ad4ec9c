package queue

import (
	"cmp"
	"fmt"
	"sync"
	"testing"
)

// Items from n goroutines to n others, beside a buffered channel of the same capacity.
func BenchmarkQueue(b *testing.B) {
	for _, limit := range []int{1, 128, 1024} {
		for _, n := range []int{1, 4} {
			b.Run(fmt.Sprintf("cap=%d/%dto%d/chan", limit, n, n), func(b *testing.B) {
				c := make(chan int, limit)
				flow(b, n, func(v int) { c <- v }, func() { <-c })
			})
			b.Run(fmt.Sprintf("cap=%d/%dto%d/queue", limit, n, n), func(b *testing.B) {
				q := New[int](limit)
				flow(b, n, func(v int) { _ = q.Put(v) }, func() { _, _ = q.Get() })
			})
		}
	}
}

func flow(b *testing.B, n int, put func(int), get func()) {
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

// One goroutine puts and gets: what the calls cost.
func BenchmarkPair(b *testing.B) {
	b.Run("chan", func(b *testing.B) {
		c := make(chan int, 128)
		for i := range b.N {
			c <- i
			<-c
		}
	})
	for name, q := range map[string]*Queue[int]{
		"fifo": New[int](128), "lifo": NewLifo[int](128), "priority": NewPriority(128, cmp.Compare[int]),
	} {
		b.Run(name, func(b *testing.B) {
			for i := range b.N {
				_ = q.Put(i)
				_, _ = q.Get()
			}
		})
	}
}

func BenchmarkBatches(b *testing.B) {
	for _, size := range []int{1, 16, 128} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			q := New[int](1024)
			ctx := b.Context()
			var wg sync.WaitGroup
			wg.Go(func() {
				vs := make([]int, size)
				for left := b.N; left > 0; {
					n, _ := q.PutMany(ctx, vs[:min(size, left)])
					left -= n
				}
			})
			wg.Go(func() {
				vs := make([]int, size)
				for left := b.N; left > 0; {
					n, _ := q.GetMany(ctx, vs)
					left -= n
				}
			})
			wg.Wait()
		})
	}
}
