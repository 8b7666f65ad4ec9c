package ring

import (
	"structs"
	"sync/atomic"
)

// A Message is bytes on their way into a ring or out of it. They lie in the memory of this process alone, or in a block of
// the ring's: then this process has the block in hand, until the message is put, or Release is called.
type Message struct {
	Bytes []byte
	block uint64 // its place; 0: none
}

// Of is the message of these bytes, of which there are at most Largest. They are copied when it is put.
func Of(b []byte) Message { return Message{Bytes: b} }

// Shared tells whether the message lies in a block.
func (m Message) Shared() bool { return m.block != 0 }

// Cut is the message shortened to n bytes.
func (m Message) Cut(n int) Message { return Message{m.Bytes[:n], m.block} }

// Block is the head of a block, which lies outside of the ring, in further memory of the ring's object. The message follows it.
//
// Who has the block is told by one word and the ring's records:
//
//	in hand   Owner is the id of a process, and no record between Head and Tail names the block
//	queued    such a record names it; Owner is who has put it, or who is just taking it, or 0 if that one is dead
//	spare     Owner is Spare, and the block is in Spares
//
//	          ──Extend──────────> in hand   with Owner set before anybody else can find it
//	in hand   ──Tail moves──────> queued    by the producer, under T, who has set Length
//	queued    ──Head moves──────> in hand   by the consumer, under H, who has made itself the Owner
//	in hand   ──Owner = Spare───> spare     under B, when it is in Spares
//	spare     ──Owner = who─────> in hand   under B, before it leaves Spares
//	in hand   ──Shrink──────────>           when it is not in Spares
//
// A death leaves blocks that have the id of the dead. Each of them is named by a record, and then it is queued, or it is
// nobody's any more, and is freed: see Reclaim.
type Block struct {
	_      structs.HostLayout
	Owner  atomic.Uint32
	_      uint32
	Ring   uint64 // which of its object's rings has it: User.number; written once
	Length uint64 // of the message
	_      [40]byte
}

// BlockSize is the size of a block's head.
const BlockSize = 64

// Spare is the owner of a block that is kept for the next message: no process's id.
const Spare uint32 = 1 << 31

// Store is where the blocks of a ring are: the memory of its object.
type Store interface {
	// Extend makes a block with room for at least n bytes; head gets its head before anybody else can find it.
	Extend(n uint64, head func(*Block)) (at uint64, err error)
	// Shrink frees the block at a place.
	Shrink(at uint64)
	// Block is the block at a place, and its room, or nil if none can be there.
	Block(at uint64) (*Block, []byte)
	// Each tells all blocks of the object, which must not be freed meanwhile. Any tells quickly whether there may be some.
	Each(f func(at uint64, b *Block))
	Any() bool
}
