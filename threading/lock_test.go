package threading

import (
	"testing"
	"testing/synctest"
	"time"

	"context"

	"github.com/multiproc/mp/internal/conform"
)

func TestLock(t *testing.T) {
	conform.Lock(t, func(*testing.T) conform.Locker { return new(Lock) })
}

func TestLockInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Lock
		l.Lock()
		time.AfterFunc(time.Minute, l.Unlock)
		begin := time.Now()
		if err := l.LockContext(context.Background()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); d != time.Minute {
			t.Errorf("waited %v of the bubble's time, expected a minute", d)
		}
	})
}
