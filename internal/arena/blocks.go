package arena

import (
	"sync/atomic"

	"github.com/multiproc/mp/internal/ring"
)

// blocks are the extents of an object as the store of its rings. What follows an extent's head is a ring.Block, and then the
// message.
type blocks struct {
	a *Arena
	o *Object
}

// Extend gives as much room as the block of the heap has that it takes anyhow, so that a spare fits more messages.
func (s blocks) Extend(n uint64, head func(*ring.Block)) (uint64, error) {
	if n > s.a.size {
		return 0, full(n, 0, nil)
	}
	d, err := s.a.Draft(wholeBlock(extentSize+ring.BlockSize+n) - extentSize)
	if err != nil {
		return 0, err
	}
	head(at[ring.Block](s.a, d.At)) // before anybody can find it
	s.a.Adopt(s.o, d)
	return uint64(d.At), nil
}

// wholeBlock is the size of the block that alloc takes for so many bytes.
func wholeBlock(size uint64) uint64 {
	if size <= largestBlock {
		return classSizes[classOf(size)]
	}
	return spansFor(size) * SpanSize
}

func (s blocks) Shrink(where uint64) { s.a.Shrink(s.o, Offset(where)) }

func (s blocks) Block(where uint64) (*ring.Block, []byte) {
	first := uint64(s.a.Header().BlocksAt) + extentSize
	if where < first || where > s.a.size-ring.BlockSize || where%64 != 0 {
		return nil, nil
	}
	n := at[Extent](s.a, Offset(where-extentSize)).Size
	if n < ring.BlockSize || n > s.a.size-where {
		return nil, nil
	}
	return at[ring.Block](s.a, Offset(where)), s.a.Bytes(Offset(where)+ring.BlockSize, n-ring.BlockSize)
}

func (s blocks) Each(f func(where uint64, b *ring.Block)) { s.each(f, s.a.lock) }

func (s blocks) each(f func(where uint64, b *ring.Block), lock func()) {
	lock()
	defer s.a.unlock()
	for where := s.o.Extents; where != 0; where = at[Extent](s.a, Offset(where)).Next {
		f(where+extentSize, at[ring.Block](s.a, Offset(where)+extentSize))
	}
}

func (s blocks) Any() bool { return atomic.LoadUint64(&s.o.Extents) != 0 }

// sweptBlocks are those of an object that a dead process had, in the eyes of its sweeper: he locks in his own way, and has the dead
// one's limbo, which is empty since sweepLimbo; for a place in our own we might have to wait for somebody who waits for him.
type sweptBlocks struct {
	blocks
	place *uint64
}

func (s sweptBlocks) Each(f func(where uint64, b *ring.Block)) { s.each(f, s.a.lockSweeping) }

func (s sweptBlocks) Shrink(where uint64) {
	s.a.shrink(s.o, Offset(where), s.place, s.a.lockSweeping, nil)
}

// ringUser is the way of using a ring of the object's for a process: this one, or a dead one in whose name this one sweeps.
func (a *Arena) ringUser(id uint32, r *ring.Ring, bytes uint64, s ring.Store, number uint64) (*ring.User, error) {
	return r.NewUser(ring.Surroundings{
		ID: id, Parker: a.park, Knows: a.knows, Lives: a.lives, Bytes: bytes, Store: s, Number: number,
	})
}

// sweepRing frees what a dead process had of a ring, and the blocks that it had in hand. It takes locks and blocks in the name of the
// dead: this process may have no handle of the object, and if it dies too, whoever goes on with this sweep finds them here.
func (a *Arena) sweepRing(r *ring.Ring, o *Object, bytes uint64, slot, id uint32, number uint64) {
	r.Died(id, a.park)
	s := sweptBlocks{blocks{a, o}, &a.Slot(slot).Limbo[0]}
	if !s.Any() {
		return
	}
	if u, err := a.ringUser(id, r, bytes, s, number); err == nil {
		r.Owe()
		r.Reclaim(u)
	}
}

// LongestMessage is how long a message in a block may be, in an arena that has nothing else.
func (a *Arena) LongestMessage() uint64 {
	return a.Header().Spans*SpanSize - extentSize - ring.BlockSize
}
