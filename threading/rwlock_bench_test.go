package threading

import (
	"sync"
	"testing"
)

func BenchmarkRWLock(b *testing.B) {
	var ours RWLock
	var theirs sync.RWMutex
	b.Run("write/threading", func(b *testing.B) {
		for range b.N {
			ours.Lock()
			ours.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	})
	b.Run("write/sync", func(b *testing.B) {
		for range b.N {
			theirs.Lock()
			theirs.Unlock() //nolint:staticcheck // the pair is what is measured
		}
	})
	b.Run("read/threading", func(b *testing.B) {
		for range b.N {
			ours.RLock()
			ours.RUnlock()
		}
	})
	b.Run("read/sync", func(b *testing.B) {
		for range b.N {
			theirs.RLock()
			theirs.RUnlock()
		}
	})
}
