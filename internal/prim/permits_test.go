package prim

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/multiproc/mp/internal/park"
)

// Who gives up hands the wake-up on, or leaves W so that the next release wakes somebody.
func TestLeavePermits(t *testing.T) {
	for _, c := range []struct {
		name       string
		word, next uint32
		want       int
	}{
		{"none left, W", permitSleepers, permitSleepers, 0},
		{"none left, and no W though others may sleep", 0, permitSleepers, 0},
		{"some left", 2, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Semaphore
			p := &errParker{meanwhile: c.word}
			if err := s.AcquireSlow(context.Background(), p, new(park.Spin)); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if v := s.word.Load(); p.woken != c.want || v != c.next {
				t.Errorf("%d woken and the word %#x, expected %d and %#x", p.woken, v, c.want, c.next)
			}
		})
	}
}

// wakeParker returns from Park as if woken, after others have moved the word.
type wakeParker struct{ errParker }

func (p *wakeParker) Park(_ context.Context, w *atomic.Uint32, _ uint32, _ park.Blocked) error {
	w.Store(p.meanwhile)
	return nil
}

// Who has slept does what the releases since have left to it.
func TestTakenAfterSleep(t *testing.T) {
	for _, c := range []struct {
		name       string
		word, next uint32
		want       int
	}{
		{"the last permit: W", 1, permitSleepers, 0},
		{"others are left: wake one more", 3, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Semaphore
			p := &wakeParker{errParker{meanwhile: c.word}}
			if err := s.AcquireSlow(context.Background(), p, new(park.Spin)); err != nil {
				t.Fatal(err)
			}
			if v := s.word.Load(); p.woken != c.want || v != c.next {
				t.Errorf("%d woken and the word %#x, expected %d and %#x", p.woken, v, c.want, c.next)
			}
		})
	}
}
