package threading

import (
	"sync"
	"testing"
)

func BenchmarkLock(b *testing.B) {
	for _, c := range []struct {
		name string
		l    sync.Locker
	}{{"threading", new(Lock)}, {"sync", new(sync.Mutex)}} {
		b.Run(c.name+"/alone", func(b *testing.B) {
			for range b.N {
				c.l.Lock()
				c.l.Unlock() //nolint:staticcheck // the pair is what is measured
			}
		})
		b.Run(c.name+"/contended", func(b *testing.B) {
			n := 0
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					c.l.Lock()
					n++
					c.l.Unlock()
				}
			})
		})
	}
}
