package prim

import (
	"context"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/park"
)

// A mark that a dead sleeper has left keeps nobody from the lock for longer than patience, and only once.
func TestAMarkOfTheDeadIsCleared(t *testing.T) {
	var l Lock
	l.word.Store(waiters)
	l.starving.Store(1)
	begin := time.Now()
	if err := l.LockSlow(context.Background(), Holder(1, true), new(park.Local), new(park.Spin)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < patience {
		t.Errorf("a newcomer took the lock after %v, and should have deferred for %v", took, patience)
	}
	if l.starving.Load() != 0 {
		t.Error("the mark is still there")
	}
}

// Who got the lock late says that those behind it starve, who got it soon that they do not.
func TestWhoHasSleptSetsTheMark(t *testing.T) {
	var l Lock
	for _, c := range []struct {
		waited time.Duration
		want   uint32
	}{{2 * crowded, 1}, {0, 0}} {
		l.words().fed(time.Now().Add(-c.waited))
		if got := l.starving.Load(); got != c.want {
			t.Errorf("after a wait of %v the mark is %d, expected %d", c.waited, got, c.want)
		}
	}
}
