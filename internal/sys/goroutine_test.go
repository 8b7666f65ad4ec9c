package sys

import (
	"runtime"
	"sync"
	"testing"
)

// deepen makes the stack grow, so that the runtime moves it.
func deepen(n int) int {
	var room [512]byte
	if n == 0 {
		return int(room[0])
	}
	return deepen(n-1) + int(room[n%512])
}

// TestGoroutine: one goroutine is always the same, also on another thread and another stack, and no two are.
func TestGoroutine(t *testing.T) {
	const goroutines = 50
	var (
		mu      sync.Mutex
		ids     = make(map[uint64]bool)
		numbers = make(map[uint64]bool)
		all     sync.WaitGroup
		begun   int
		start   = make(chan struct{})
	)
	for range goroutines {
		all.Go(func() {
			id, number := Goroutine(), GoroutineNumber()
			mu.Lock()
			ids[id], numbers[number] = true, true
			begun++
			mu.Unlock()
			<-start // nobody ends before the last has begun
			for range 10 {
				runtime.Gosched()
				deepen(200)
				if Goroutine() != id || GoroutineNumber() != number {
					t.Errorf("was %#x, number %d, is %#x, number %d", id, number, Goroutine(), GoroutineNumber())
				}
			}
		})
	}
	for n := 0; n < goroutines; runtime.Gosched() {
		mu.Lock()
		n = begun
		mu.Unlock()
	}
	close(start)
	all.Wait()
	if len(ids) != goroutines || len(numbers) != goroutines || ids[0] || numbers[0] {
		t.Errorf("%d ids and %d numbers of %d goroutines", len(ids), len(numbers), goroutines)
	}
}

func BenchmarkGoroutine(b *testing.B) {
	for range b.N {
		Goroutine()
	}
}

func BenchmarkGoroutineNumber(b *testing.B) {
	for range b.N {
		GoroutineNumber()
	}
}
