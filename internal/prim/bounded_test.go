package prim

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/multiproc/mp/internal/park"
)

// seats are those of n processes, as goroutines play them.
func seats(n uint32, held []atomic.Uint32) []*Seat {
	var all []*Seat
	for i := range n {
		all = append(all, &Seat{Slot: i, Me: Holder(i+1, false), Held: held, Parker: &park.Heap, Spin: new(park.Spin)})
	}
	return all
}

func newBounded(bound uint32, n uint32) (*Bounded, []atomic.Uint32, []*Seat) {
	b := new(Bounded)
	b.Init(bound)
	held := make([]atomic.Uint32, boundedSlots)
	return b, held, seats(n, held)
}

func (b *Bounded) acquireAs(s *Seat) bool { return b.Acquire(s.Slot) || b.TryAcquireSlow(s) }

func (b *Bounded) releaseAs(s *Seat) error {
	if b.Release(s.Slot) {
		return nil
	}
	return b.ReleaseSlow(1, s)
}

func TestBoundedKnowsWhoHolds(t *testing.T) {
	b, held, who := newBounded(5, 3)
	for i, want := range []uint32{3, 1, 1} {
		for range want {
			if !b.acquireAs(who[i]) {
				t.Fatal("no permit")
			}
		}
	}
	for i, want := range []uint32{3, 1, 1} {
		if n := b.HeldBy(uint32(i), held); n != want {
			t.Errorf("process %d holds %d, expected %d", i, n, want)
		}
	}
	if b.acquireAs(who[0]) {
		t.Error("a sixth permit of five")
	}
	if err := b.releaseAs(who[1]); err != nil {
		t.Error(err)
	}
	if err := b.releaseAs(who[1]); !errors.Is(err, ErrOthersPermit) {
		t.Errorf("a release of what others hold: %v", err)
	}
	if err := b.ReleaseSlow(5, who[0]); !errors.Is(err, ErrOverBound) {
		t.Errorf("a release beyond the bound: %v", err)
	}
	if b.Value() != 1 {
		t.Errorf("%d left", b.Value())
	}
}

// What the dead held returns, once, wherever its account is, and whatever lock it held.
func TestBoundedDied(t *testing.T) {
	for name, last := range map[string]uint32{"its account in the word": 0, "another's in the word": 1} {
		t.Run(name, func(t *testing.T) {
			b, held, who := newBounded(5, 3)
			for range 3 {
				b.acquireAs(who[0])
			}
			b.acquireAs(who[1])
			if last == 0 {
				b.acquireAs(who[0])
			}
			b.accounts.TryLock(who[0].Me)
			deaths := 0
			for range 2 {
				b.FreeAccounts(1, who[2].Parker)
				b.Died(0, who[2], func(l *Lock) { l.TryLock(who[2].Me) }, func() { deaths++ })
			}
			if b.Value() != 4 || deaths != 1 || b.HeldBy(0, held) != 0 || b.HeldBy(1, held) != 1 {
				t.Errorf("%d left, %d deaths, the dead holds %d and the other %d", b.Value(), deaths, b.HeldBy(0, held), b.HeldBy(1, held))
			}
			if id, _ := b.accounts.HeldBy(); id != 0 {
				t.Errorf("the accounts are locked by %d", id)
			}
		})
	}
}

// Processes of two goroutines each take and give back at random. What each holds is known to it alone, and to the semaphore.
func TestBoundedAccounts(t *testing.T) {
	const processes, rounds, bound = 3, 20000, 4
	b, held, who := newBounded(bound, processes)
	var mine [processes]atomic.Int32
	var wg sync.WaitGroup
	for i := range processes {
		for g := range 2 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(i), uint64(g)))
				for range rounds {
					if r.IntN(2) == 0 && b.acquireAs(who[i]) {
						mine[i].Add(1)
						continue
					}
					if n := mine[i].Load(); n > 0 && mine[i].CompareAndSwap(n, n-1) {
						if err := b.releaseAs(who[i]); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
	}
	wg.Wait()
	sum := b.Value()
	for i := range processes {
		n := b.HeldBy(uint32(i), held)
		if n != uint32(mine[i].Load()) {
			t.Errorf("process %d holds %d, its account says %d", i, mine[i].Load(), n)
		}
		sum += n
	}
	if sum != bound {
		t.Errorf("%d permits of %d", sum, bound)
	}
}
