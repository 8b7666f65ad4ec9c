package conform

import (
	"runtime"
	"sync"
	"testing"
)

func rwTryStorm(t *testing.T, l RWLocker) {
	var wg sync.WaitGroup
	for _, c := range []struct {
		try    func() bool
		unlock func()
	}{{l.TryLock, l.Unlock}, {l.TryRLock, l.RUnlock}, {l.TryLock, l.Unlock}, {l.TryRLock, l.RUnlock}} {
		wg.Go(func() {
			for i := range 20000 {
				if c.try() {
					c.unlock()
				} else if i%64 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	wg.Wait()
	if !l.TryLock() {
		t.Fatal("a try that has failed keeps the lock")
	}
	l.Unlock()
}
