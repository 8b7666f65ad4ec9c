package threading

import "testing"

func BenchmarkSemaphore(b *testing.B) {
	b.Run("Semaphore", func(b *testing.B) {
		s := NewSemaphore(3)
		for range b.N {
			s.Acquire()
			s.Release()
		}
	})
	b.Run("BoundedSemaphore", func(b *testing.B) {
		s := NewBoundedSemaphore(3)
		for range b.N {
			s.Acquire()
			s.Release()
		}
	})
	b.Run("channel", func(b *testing.B) {
		c := make(chan struct{}, 3)
		for range b.N {
			c <- struct{}{}
			<-c
		}
	})
	b.Run("contended", func(b *testing.B) {
		s := NewSemaphore(1)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				s.Acquire()
				s.Release()
			}
		})
	})
	b.Run("contended channel", func(b *testing.B) {
		c := make(chan struct{}, 1)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				c <- struct{}{}
				<-c
			}
		})
	})
}
