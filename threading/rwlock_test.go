package threading

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/multiproc/mp/internal/conform"
)

func TestRWLock(t *testing.T) {
	conform.RWLock(t, func(*testing.T) conform.RWLocker { return new(RWLock) })
}

func TestRWLockInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l RWLock
		l.Lock()
		time.AfterFunc(time.Minute, l.Unlock)
		begin := time.Now()
		l.RLock()
		if d := time.Since(begin); d != time.Minute {
			t.Errorf("a reader waited %v of the bubble's time, expected a minute", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := l.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a writer beside a reader: %v", err)
		}
		if d := time.Since(begin); d != 2*time.Minute {
			t.Errorf("the writer gave up after %v, expected two minutes", d)
		}
		l.RUnlock()
	})
}
