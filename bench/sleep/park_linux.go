package main

import (
	"context"

	"github.com/multiproc/mp/internal/park"
)

// newParker makes the parker of a process; slot 0 is for nobody, as in an arena.
func newParker(m memory, role int) *park.Shared {
	return park.NewShared(m.base, m.board(), uint32(1+role), func() {})
}

// fill puts as many goroutines to sleep as may sleep in the kernel. They never wake.
func fill(m memory, p *park.Shared, role int) {
	for i := range park.Direct {
		w := m.word(wordFull + role*100 + i)
		go func() {
			for {
				_ = p.Park(context.Background(), w, 0, same)
			}
		}()
	}
	await(func() bool { return direct(m, role) == park.Direct })
}

// direct is how many leaders of the process sleep in the kernel, or are about to.
func direct(m memory, role int) (n int) {
	waits := &m.board().Bells[1+role].Waits
	for i := range waits {
		if waits[i].Word.Load() != 0 {
			n++
		}
	}
	return n
}

// others is how many overflow leaders and followers the process has.
func others(m memory, role int) int { return int(m.board().Bells[1+role].Others.Load()) }
