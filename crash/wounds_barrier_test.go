//go:build linux

package crash

import (
	"context"
	"strings"
	"syscall"
	"testing"

	"github.com/multiproc/mp"
)

var waitAtBarrier = mp.Proc2(func(ctx context.Context, b *mp.Barrier, turns int) error {
	for range turns {
		if _, err := b.WaitContext(ctx); err != nil {
			return err
		}
	}
	return nil
})

// TestWoundsOfBarriers shows what TestWounds shows, of rows that have no number: a barrier of Python knows how many have come, and
// not who.
func TestWoundsOfBarriers(t *testing.T) {
	t.Run("a process killed in Barrier.wait counts as one that has come, and its successor passes alone", func(t *testing.T) {
		b := mp.NewBarrier(3)
		start := func(name string) *mp.Process {
			p := &mp.Process{Target: waitAtBarrier(b, 1), Name: name}
			if err := p.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			return p
		}
		waiting := func(n int) {
			inTime(t, within*10, func() {
				for b.Waiting() < n {
				}
			})
		}
		killed, lives := start("killed"), start("lives")
		waiting(2)
		if err := killed.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		inTime(t, within, func() {
			if err := lives.Join(); err == nil || !strings.Contains(err.Error(), "broken by the death of a party: process killed (pid") {
				t.Errorf("who waits with the dead is told %v", err)
			}
		})
		_ = killed.Join()
		b.Reset()
		all := []*mp.Process{start("first"), start("second")}
		waiting(2) // and not through, as they would be with the dead for the third
		if _, err := b.WaitContext(t.Context()); err != nil {
			t.Error(err)
		}
		for _, p := range all {
			if err := p.Join(); err != nil {
				t.Error(err)
			}
		}
	})
}
