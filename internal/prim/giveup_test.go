package prim

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/multiproc/mp/internal/park"
)

// errParker returns from Park with an error, after others have moved the word.
type errParker struct {
	meanwhile uint32
	woken     int
}

func (p *errParker) Park(_ context.Context, w *atomic.Uint32, _ uint32, _ park.Blocked) error {
	w.Store(p.meanwhile)
	return context.Canceled
}

func (p *errParker) ParkAgain(ctx context.Context, w *atomic.Uint32, seen uint32, b park.Blocked) error {
	return p.Park(ctx, w, seen, b)
}

func (p *errParker) Wake(*atomic.Uint32, int) park.Woke { p.woken++; return park.Somebody }

// Who gives up hands the wake-up on unless the holder will wake somebody.
func TestGiveUpHandsOn(t *testing.T) {
	me, other := Holder(1, true), Holder(2, true)
	for _, c := range []struct {
		name string
		word uint32
		want int
	}{
		{"free", 0, 1},
		{"free, W", waiters, 1},
		{"held by one who will wake nobody", other, 1},
		{"held by one who will wake somebody", other | waiters, 0},
		{"abandoned", other | abandoned | waiters, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l Lock
			l.word.Store(other)
			p := &errParker{meanwhile: c.word}
			if err := l.LockSlow(context.Background(), me, p, new(park.Spin)); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if p.woken != c.want {
				t.Errorf("%d woken, expected %d", p.woken, c.want)
			}
		})
	}
}
