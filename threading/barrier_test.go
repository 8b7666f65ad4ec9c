package threading_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/multiproc/mp/internal/conform"
	"github.com/multiproc/mp/threading"
)

func TestBarrier(t *testing.T) {
	conform.Barrier(t, conform.Barriers{
		New: func(_ *testing.T, parties int, action func()) conform.Barrierer {
			return threading.NewBarrier(parties, action)
		},
		Why: func(err error) uint32 {
			if broken, ok := errors.AsType[*threading.BrokenBarrierError](err); ok {
				return uint32(broken.Reason)
			}
			return 0
		},
		Actions: true,
	})
}

func TestBarrierInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := threading.NewBarrier(2, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		_, err := b.WaitContext(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("%v after %v of the bubble's time, expected a minute", err, time.Since(begin))
		}
	})
}

func TestBrokenBarrierError(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 5, 0, time.UTC)
	for want, e := range map[string]threading.BrokenBarrierError{
		`mp: a barrier was aborted`: {Reason: threading.BarrierAborted},
		`mp: barrier "start" was broken by the death of a party: process worker-1 (pid 7) at 12:00:05`: {
			Barrier: "start", Reason: threading.BarrierDeath, Party: "worker-1", PID: 7, Since: at,
		},
		`mp: a barrier was given up by a waiter, by process w (pid 8): context canceled`: {
			Reason: threading.BarrierCancelled, Party: "w", PID: 8, Err: context.Canceled,
		},
		`mp: a barrier was broken for reason 9`: {Reason: 9},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		if strings.Contains(want, "canceled") != errors.Is(&e, context.Canceled) {
			t.Errorf("%s: wraps %v", want, e.Unwrap())
		}
	}
}

func BenchmarkBarrier(b *testing.B) {
	bar := threading.NewBarrier(2, nil)
	done := make(chan struct{})
	go func() {
		for range b.N {
			_, _ = bar.Wait()
		}
		close(done)
	}()
	for range b.N {
		_, _ = bar.Wait()
	}
	<-done
}
