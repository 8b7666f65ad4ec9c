package inspect

import (
	"fmt"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/park"
)

// board looks at what sleeps: only processes do, and on words of the arena.
func (l *look) board() error {
	b, err := load[park.Board](l.a, l.a.header.BoardAt)
	if err != nil {
		return err
	}
	for i := range b.Masks {
		for slot := range members(&b.Masks[i].Bits) {
			l.must(l.state(slot).Status() != arena.Free, fmt.Sprintf("board, mask %d", i), "sleepers", "none of a free slot", "slot %d", slot)
		}
	}
	for slot := range uint32(arena.Slots) {
		l.bell(slot, &b.Bells[slot])
	}
	return nil
}

func (l *look) bell(slot uint32, b *park.Bell) {
	free := l.state(slot).Status() == arena.Free
	if others := b.Others.Load(); free && others != 0 {
		l.add(place(slot), "sleepers without a thread", "0, as the slot is free", "%d", others)
	}
	for i := range b.Waits {
		switch word := b.Waits[i].Word.Load(); {
		case word == 0:
		case free:
			l.add(place(slot), "sleeping thread", "none, as the slot is free", "one on %#x", word)
		case word > l.a.size-4 || word%4 != 0:
			l.add(place(slot), "sleeping thread", "on a word of the arena", "on %#x", word)
		}
	}
}

// place is how findings name a process's part of the board.
func place(slot uint32) string { return fmt.Sprintf("board, slot %d", slot) }
