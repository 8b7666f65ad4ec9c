// Package slab is memory for a container: cells of any size, which come, go and are linked by the container's own
// transactions, so that each change of it is whole or did not happen, whenever a process is killed.
//
// A Slab has a lock, a redo record, and lists of free cells by size. A container lies in the arena with its slabs,
// one or more; the words that a slab's lock guards may be anywhere beside.
//
//	free      in the list of its class, or beyond Fresh in the newest chunk
//	filled    still free: its maker writes to it, under the lock, what nobody can see
//	in use    from the transaction on that takes it off the list, and links it: the container's
//	free      from the transaction on that unlinks it, and gives it back
//
// A cell of more than largest bytes is an extent of the object of its own: it is in hand (limbo) while it is filled,
// and linked by the heap's transaction, which takes the container's words too. One that is given back lies in Trash
// until whoever has given it, or the next to hold the lock, has freed it.
//
// Cells of a class are used again by that class. What a slab has of the arena it keeps until its object is freed, but for
// the large ones.
package slab

import (
	"context"
	"fmt"
	"math/bits"
	"structs"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/redo"
)

// Slab is the head of one. Zero is empty and ready. All but Lock changes by transactions.
type Slab struct {
	_     structs.HostLayout
	Lock  prim.Lock // always consistent (C)
	_     [52]byte
	Redo  redo.Record
	Fresh uint64 // place of the newest chunk's first byte that was never a cell
	End   uint64 // and its end
	Total uint64 // bytes of all chunks
	Trash uint64 // first large cell that waits to be freed; 0: none
	Free  [classes]uint64
	_     [64]byte
}

// classes are sizes of cells, heads and all: four a doubling, from 32 bytes to largest.
const (
	classes  = 27
	smallest = 32
	largest  = 3072
	large    = 0xFF // the class of a cell that is an extent
)

// classOf is the class of n bytes, heads and all.
func classOf(n uint64) uint64 {
	if n <= smallest {
		return 0
	}
	top := uint64(bits.Len64(n-1)) - 1 // 2^top < n ≤ 2^(top+1)
	quarter := (n - 1 - 1<<top) >> (top - 2)
	return (top-5)*4 + quarter + 1
}

func sizeOf(class uint64) uint64 {
	if class == 0 {
		return smallest
	}
	top, quarter := 5+(class-1)/4, (class-1)%4
	return 1<<top + (quarter+1)<<(top-2)
}

// User is a process's way of using the slabs of an object.
type User struct {
	Me     uint32 // the holder value of their locks: prim.Holder(id, false)
	Parker park.Parker
	Spin   park.Spin
	Memory redo.Memory
	Source Source
}

// Source is where a slab's memory comes from: extents of its object.
type Source interface {
	// Draft makes one of n bytes, zeroed, which is nobody's until the object adopts it.
	Draft(n uint64) (Draft, error)

	// Adopt makes it the object's, and makes the changes in the same transaction.
	Adopt(d Draft, changes ...redo.Change)

	// Shrink frees one, and makes the changes in the same transaction.
	Shrink(at uint64, changes ...redo.Change)
}

// Draft is an extent that is not the object's yet.
type Draft struct {
	At    uint64
	Place uint32 // the source's
}

// Hold takes the slab's lock. No code of a user runs under it.
func (s *Slab) Hold(u *User) {
	if err := s.HoldContext(context.Background(), u); err != nil {
		panic("mp: corrupt arena: a container's lock: " + err.Error())
	}
}

// HoldContext is Hold until ctx ends, and returns ctx's error then, without the lock. If the lock is free the end of ctx does
// not matter.
func (s *Slab) HoldContext(ctx context.Context, u *User) error {
	if s.Lock.TryLock(u.Me) {
		return nil
	}
	return s.Lock.LockSlow(ctx, u.Me, u.Parker, &u.Spin)
}

// Release gives it back, and frees the large cells that were given.
func (s *Slab) Release(u *User) {
	if s.Trash == 0 {
		s.Leave(u)
		return
	}
	defer s.Leave(u) // also if what is there is corrupt
	for s.Trash != 0 {
		failpoint.Hit("slab: cleaning")
		at := s.Trash
		if class := u.Cell(at).class(); class != large {
			panic(fmt.Sprintf("mp: corrupt arena: a cell of class %d is to be freed as an extent", class))
		}
		u.Source.Shrink(at, redo.Change{Word: &s.Trash, Value: u.Cell(at).Next})
	}
}

// Leave is Release that leaves the large cells to the next: for a sweep, which must not wait for the heap.
func (s *Slab) Leave(u *User) {
	if s.Lock.Unlock(u.Me) {
		return
	}
	if err := s.Lock.UnlockSlow(u.Me, u.Parker); err != nil {
		panic("mp: corrupt arena: a container's lock: " + err.Error())
	}
}

// Died ends the transaction that a dead process was in, frees the lock, and wakes all who sleep for it. The heap's record,
// which may have had words of the container, has been replayed before. The caller has the proof of death.
func (s *Slab) Died(id uint32, m redo.Memory, p park.Parker) {
	s.Lock.Died(id, p, func() { m.Replay(&s.Redo) })
}

// Chunks: each is a quarter of what there is, from firstChunk to mostChunk, and has room for two cells of the size that
// is asked for. With the extent's head they fill a block of the heap, or spans.
const (
	firstChunk = 1 << 10
	mostChunk  = 1 << 20
	spanSize   = 64 << 10
	headSize   = 64
)

func (s *Slab) chunk(size uint64) uint64 {
	n := min(max(firstChunk, s.Total/4, 2*size), mostChunk)
	if n <= spanSize/2 {
		return 1<<bits.Len64(n-1) - headSize
	}
	return (n+spanSize-1)/spanSize*spanSize - headSize
}

// room makes sure that there is a free cell of a class. The lock is held.
func (s *Slab) room(u *User, class uint64) error {
	size := sizeOf(class)
	if s.Free[class] != 0 || s.End-s.Fresh >= size {
		return nil
	}
	n := s.chunk(size)
	d, err := u.Source.Draft(n)
	if err != nil {
		return err
	}
	u.Source.Adopt(d, append(s.rest(u), redo.Change{Word: &s.Fresh, Value: d.At}, redo.Change{Word: &s.End, Value: d.At + n},
		redo.Change{Word: &s.Total, Value: s.Total + n})...)
	failpoint.Hit("slab: chunk")
	return nil
}

// rest makes what is left of the newest chunk a free cell.
func (s *Slab) rest(u *User) []redo.Change {
	left := s.End - s.Fresh
	if left < smallest {
		return nil
	}
	class := classOf(left)
	if sizeOf(class) > left {
		class--
	}
	u.Cell(s.Fresh).Head = class // nobody's until the change
	return []redo.Change{{Word: &u.Cell(s.Fresh).Next, Value: s.Free[class]}, {Word: &s.Free[class], Value: s.Fresh}}
}

// Check says what is wrong with a slab whose lock is free, "" if nothing.
func (s *Slab) Check() string {
	if n := s.Redo.N.Load(); n != 0 {
		return fmt.Sprintf("a transaction of %d words is open", n)
	}
	if s.Fresh > s.End || s.End-s.Fresh > s.Total {
		return fmt.Sprintf("its newest chunk has %#x to %#x left, of %d bytes in all", s.Fresh, s.End, s.Total)
	}
	return ""
}
