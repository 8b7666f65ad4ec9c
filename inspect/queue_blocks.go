package inspect

import (
	"fmt"
	"slices"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/ring"
)

// Blocks are the memory of a queue's messages that are too long for its ring.
type Blocks struct {
	Count      uint64 `json:"count,omitempty"` // with a message: it waits, is being written or being read
	Bytes      uint64 `json:"bytes,omitempty"`
	Spares     uint64 `json:"spares,omitempty"` // kept for the next message
	SpareBytes uint64 `json:"spare_bytes,omitempty"`
}

// blocksOf tells the blocks of one of an object's rings: their places, and room for the message.
func (a *Arena) blocksOf(r *record, number uint64, see func(at, room uint64, b *ring.Block)) error {
	_, err := a.extents(r, func(at arena.Offset, size uint64) error {
		b, err := load[ring.Block](a, at)
		if err == nil && b.Ring == number && size >= ring.BlockSize {
			see(uint64(at), size-ring.BlockSize, b)
		}
		return err
	})
	return err
}

func (a *Arena) describeBlocks(r *record, number uint64) (all Blocks, err error) {
	err = a.blocksOf(r, number, func(_, room uint64, b *ring.Block) {
		if b.Owner.Load() == ring.Spare {
			all.Spares++
			all.SpareBytes += room
		} else {
			all.Count++
			all.Bytes += room
		}
	})
	return all, err
}

// ringBlocks says what is wrong with the blocks of a ring, of which these are named by its records; "" if nothing is. Each is named
// once, or is a spare that is told where to find, or has an owner who lives.
func (w *walk) ringBlocks(r *record, q *ring.Ring, named []uint64, number uint64) (wrong string, err error) {
	left := make(map[uint64]bool, len(named))
	for _, at := range named {
		left[at] = true
	}
	if len(left) < len(named) {
		return "one that two records name", nil
	}
	err = w.a.blocksOf(r, number, func(at, room uint64, b *ring.Block) {
		owner, queued := b.Owner.Load(), left[at]
		switch {
		case queued && owner == ring.Spare:
			wrong = fmt.Sprintf("a spare at %#x that a record names", at)
		case queued && b.Length > room:
			wrong = fmt.Sprintf("a message of %d bytes at %#x, where %d have room", b.Length, at, room)
		case queued:
			delete(left, at)
		case owner == ring.Spare && !slices.Contains(q.Spares[:], at):
			wrong = fmt.Sprintf("a spare at %#x that nobody finds", at)
		case owner != ring.Spare && !w.has(owner):
			wrong = fmt.Sprintf("one at %#x in the hand of id %d, which is no process", at, owner)
		}
	})
	for at := range left {
		if wrong == "" {
			wrong = fmt.Sprintf("a record that names a block at %#x, which is none", at)
		}
	}
	return wrong, err
}
