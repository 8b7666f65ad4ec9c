//go:build linux

package crash

import (
	"context"
	"syscall"
	"testing"

	"github.com/multiproc/mp"
)

var waitForEvent = mp.Proc2(func(ctx context.Context, e *mp.Event, here *mp.Value[int]) error {
	mp.Add(here, 1)
	return e.WaitContext(ctx)
})

// TestWoundsOfEvents shows what TestWounds shows, of a row that has no number: only the documentation warns of it.
func TestWoundsOfEvents(t *testing.T) {
	t.Run("a process killed while in Event.wait blocks set for ever on _woken_count", func(t *testing.T) {
		e, here := mp.NewEvent(), mp.NewValue(0)
		var waiters []*mp.Process
		for range 4 {
			p := &mp.Process{Target: waitForEvent(e, here)}
			if err := p.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			waiters = append(waiters, p)
		}
		inTime(t, within*10, func() {
			for here.Load() < len(waiters) {
			}
		})
		for _, p := range waiters[1:] {
			if err := p.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		inTime(t, within, e.Set) // before anybody has swept them
		inTime(t, within, func() {
			if err := waiters[0].Join(); err != nil {
				t.Errorf("the waiter that lives: %v", err)
			}
		})
		inTime(t, within, func() { e.Clear(); e.Set() })
	})
}
