//go:build linux

package mp_test

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// What one process does to a barrier is told to those of other processes that wait at it, and a reset makes it one that all
// can pass, as test_abort, test_reset and test_abort_and_reset have it.
func TestBarrierBrokenForOtherProcesses(t *testing.T) {
	for _, c := range []struct {
		name   string
		do     func(*mp.Barrier)
		reason mp.BreakReason
		broken bool // it stays so
	}{
		{"abort", (*mp.Barrier).Abort, mp.BarrierAborted, true},
		{"reset", (*mp.Barrier).Reset, mp.BarrierReset, false},
		{"abort and reset", func(b *mp.Barrier) { b.Abort(); b.Reset() }, mp.BarrierAborted, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			const others = 3
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			b, told := mp.NewBarrier(others+1, mp.Name("gate")), make(chan broken, others)
			come := func() {
				for range others {
					go func() {
						got, err := mp.Run(ctx, comeTo(b, 1))
						if err != nil {
							t.Error(err)
						}
						told <- got
					}()
				}
				for b.Waiting() < others && ctx.Err() == nil {
					runtime.Gosched()
				}
			}
			come()
			c.do(b)
			for range others {
				if got, want := <-told, (broken{uint32(c.reason), mp.CurrentProcess().Name, os.Getpid(), "gate"}); got != want {
					t.Errorf("got %+v, expected %+v", got, want)
				}
			}
			if b.Broken() != c.broken || b.Waiting() != 0 {
				t.Errorf("broken: %v, %d waiting", b.Broken(), b.Waiting())
			}
			b.Reset()
			come()
			if _, err := b.WaitContext(ctx); err != nil {
				t.Error(err)
			}
			for range others {
				if got := <-told; got != (broken{}) {
					t.Errorf("after a reset: %+v", got)
				}
			}
		})
	}
}
