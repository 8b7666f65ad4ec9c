package prim

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/multiproc/mp/internal/park"
)

// take is a lock that must be had at once.
func take(t *testing.T, r *RLock, p *Party) {
	t.Helper()
	if r.TryLock(p) {
		return
	}
	if ok, err := r.TryLockSlow(p); !ok || err != nil {
		t.Fatalf("the lock was refused: %v, %v", ok, err)
	}
}

func give(t *testing.T, r *RLock, p *Party) {
	t.Helper()
	if r.Unlock(p) {
		return
	}
	if err := r.UnlockSlow(p, new(park.Local)); err != nil {
		t.Fatal(err)
	}
}

func owned(t *testing.T, r *RLock, want Owner) {
	t.Helper()
	if got := r.HeldBy(); got != want {
		t.Errorf("held by %+v, expected %+v", got, want)
	}
	if token, again := r.Left(); (want.ID == 0 || want.Dead) && (token != 0 || again != 0) {
		t.Errorf("nobody holds it, and token %d and %d levels are left", token, again)
	}
}

// The word says what it should at each level, with W and without: the slow paths write it in two steps.
func TestRLockSaysWhoHasIt(t *testing.T) {
	for _, w := range []uint64{0, uint64(waiters)} {
		var r RLock
		p := NewParty(7, Holder(3, true))
		r.word.Store(w)
		owned(t, &r, Owner{})
		for depth := range uint32(3) {
			take(t, &r, &p)
			owned(t, &r, Owner{ID: 3, Token: 7, Depth: depth + 1})
		}
		r.word.Or(w)
		for depth := uint32(3); depth > 0; depth-- {
			owned(t, &r, Owner{ID: 3, Token: 7, Depth: depth})
			give(t, &r, &p)
		}
		owned(t, &r, Owner{})
		if w := r.word.Load(); uint32(w)&waiters != 0 {
			t.Error("nobody was there to wake, and W has stayed")
		}
	}
}

func TestTokensAreNeverZero(t *testing.T) {
	var tokens Tokens
	tokens.last.Store(math.MaxUint32 - 1)
	for _, want := range []uint32{math.MaxUint32, 1, 2} {
		if got := tokens.Next(); got != want {
			t.Errorf("token %d, expected %d", got, want)
		}
	}
}

// After 2³² parties two may have one token.
func TestPartiesWithOneTokenExcludeEachOther(t *testing.T) {
	var r RLock
	p, q := NewParty(1, Holder(3, true)), NewParty(1, Holder(3, true))
	take(t, &r, &p)
	if ok, _ := r.TryLockSlow(&q); ok || r.TryLock(&q) {
		t.Error("the other party was let in")
	}
	if err := r.UnlockSlow(&q, new(park.Local)); r.Unlock(&q) || !errors.Is(err, ErrNotParty) {
		t.Errorf("the other party unlocked it: %v", err)
	}
	owned(t, &r, Owner{ID: 3, Token: 1, Depth: 1})
}

// A death at any level leaves no token, and Died may come again.
func TestRLockOfTheDead(t *testing.T) {
	for _, c := range []struct {
		name     string
		tearable bool
		want     Owner
	}{{"abandoned", true, Owner{ID: 3, Dead: true}}, {"released", false, Owner{}}} {
		t.Run(c.name, func(t *testing.T) {
			var r RLock
			p, q := NewParty(7, Holder(3, c.tearable)), NewParty(7, Holder(4, true))
			take(t, &r, &p)
			take(t, &r, &p)
			notes := 0
			r.Died(5, new(park.Local), func() { notes++ })
			owned(t, &r, Owner{ID: 3, Token: 7, Depth: 2})
			for range 2 {
				r.Died(3, new(park.Local), func() { notes++ })
				owned(t, &r, c.want)
			}
			if notes != 1 {
				t.Errorf("noted %d times", notes)
			}
			mend, err := r.Recover(context.Background(), &q, new(park.Local), new(park.Spin))
			if err != nil || mend != c.tearable {
				t.Errorf("recovered: %v, %v", mend, err)
			}
			owned(t, &r, Owner{ID: 4, Token: 7, Depth: 1})
		})
	}
}

// What a party has torn it finds abandoned itself, at every level, until it mends it or leaves it to others.
func TestRLockTornAtALevel(t *testing.T) {
	via, spin, ctx := new(park.Local), new(park.Spin), context.Background()
	tear := func(t *testing.T) (*RLock, *Party) {
		r, p := new(RLock), NewParty(7, Holder(3, true))
		for range 5 {
			take(t, r, &p)
		}
		r.Abandon(&p, 3, via)
		owned(t, r, Owner{ID: 3, Token: 7, Depth: 2})
		if err := r.LockSlow(ctx, &p, via, spin); r.TryLock(&p) || !errors.Is(err, ErrAbandoned) || p.Depth() != 2 {
			t.Errorf("one level more in what is torn: %v, depth %d", err, p.Depth())
		}
		return r, &p
	}
	t.Run("left to others", func(t *testing.T) {
		r, p := tear(t)
		give(t, r, p)
		owned(t, r, Owner{ID: 3, Token: 7, Depth: 1})
		give(t, r, p)
		owned(t, r, Owner{ID: 3, Dead: true})
		if ok, err := r.TryLockSlow(p); ok || !errors.Is(err, ErrAbandoned) {
			t.Errorf("got %v, %v", ok, err)
		}
	})
	t.Run("mended", func(t *testing.T) {
		r, p := tear(t)
		if mend, err := r.Recover(ctx, p, via, spin); !mend || err != nil || p.Depth() != 3 {
			t.Errorf("got %v, %v, depth %d", mend, err, p.Depth())
		}
		for range 3 {
			give(t, r, p)
		}
		owned(t, r, Owner{})
	})
	t.Run("not mended", func(t *testing.T) {
		r, p := tear(t)
		_, _ = r.Recover(ctx, p, via, spin)
		r.Abandon(p, 3, via)
		give(t, r, p)
		give(t, r, p)
		owned(t, r, Owner{ID: 3, Dead: true})
	})
	t.Run("with all levels", func(t *testing.T) {
		r, p := new(RLock), NewParty(7, Holder(3, true))
		for range 3 {
			take(t, r, &p)
		}
		r.Abandon(&p, 1, via)
		owned(t, r, Owner{ID: 3, Dead: true})
	})
	t.Run("given back before", func(t *testing.T) {
		r, p := new(RLock), NewParty(7, Holder(3, true))
		other := NewParty(8, Holder(3, true))
		take(t, r, &other)
		r.Abandon(&p, 0, via)
		r.Abandon(&p, 1, via)
		owned(t, r, Owner{ID: 3, Token: 8, Depth: 1})
	})
	t.Run("nothing can be torn", func(t *testing.T) {
		r, p := new(RLock), NewParty(7, Holder(3, false))
		take(t, r, &p)
		r.Abandon(&p, 1, via)
		owned(t, r, Owner{})
	})
}

// Whoever sleeps when a lock is torn is to be told at once, and not by the tick.
func TestTornWakesAll(t *testing.T) {
	for _, c := range []struct {
		name string
		tear func(r *RLock, p *Party, via park.Parker)
	}{
		{"abandoned", func(r *RLock, p *Party, via park.Parker) { r.Abandon(p, 1, via) }},
		{"dead", func(r *RLock, _ *Party, via park.Parker) { r.Died(3, via, func() {}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r RLock
			p, via := NewParty(7, Holder(3, true)), new(errParker)
			take(t, &r, &p)
			r.woken.Store(2)
			c.tear(&r, &p, via)
			if via.woken != 1 || r.woken.Load() != 0 {
				t.Errorf("%d wake-ups, expected one of all; the hint is %d, expected 0", via.woken, r.woken.Load())
			}
		})
	}
}
