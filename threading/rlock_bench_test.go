package threading

import (
	"sync"
	"testing"
)

func BenchmarkRLock(b *testing.B) {
	var l RLock
	h, m := l.Holder(), new(sync.Mutex)
	b.Run("threading/alone", func(b *testing.B) {
		for range b.N {
			h.Lock()
			h.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	})
	b.Run("sync/alone", func(b *testing.B) {
		for range b.N {
			m.Lock()
			m.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	})
	b.Run("threading/nested", func(b *testing.B) {
		h.Lock()
		defer h.Unlock()
		for range b.N {
			h.Lock()
			h.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	})
}
