// Package ring is a bounded queue of messages of any size in memory that several processes map: many producers,
// many consumers, first in, first out, consistent whenever one of them is killed.
//
// The ring is a head of a few words (Ring) and its bytes, a power of two. A message is a record: one header
// word, then its bytes, rounded up to whole words, never split at the ring's end: where one does not fit, a
// record that is passed over fills the rest.
//
//	free ≤ head ≤ tail, tail − free ≤ size
//	[free, head)  records that were taken, or passed over; some may still be looked at, or have to be given back
//	[head, tail)  records to be taken, in this order; some may still be written by those who have reserved them
//
// A record goes
//
//	reserved --CAS--> ready --(H)--> done                 Put, Get
//	reserved --CAS--> skip                                given up, or its producer died
//	ready --(H)--> taken --CAS--> done                    Peek, Release
//	taken --(sweep, T and H)--> ready                     its consumer died: it comes again
//
// What commits: a place in the ring, the store of tail under the producers' lock T; a message, that store too if the
// record is ready by then (Put), or else the CAS to ready (Reserve, Commit); that it was taken, the store of done
// in its header, under the consumers' lock H. head is a hint: below it nothing is ready. free moves over
// records that are done or skipped, under H, and gives their space back.
//
// The header of the record at tail is never read: tail bounds what exists.
package ring

import (
	"errors"
	"fmt"
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// Ring is the head of a ring. Its bytes follow it in memory. Lines are apart by who writes them.
type Ring struct {
	_    structs.HostLayout
	Size uint64 // of the bytes: a power of two; written once
	Most uint64 // messages that may be in it at a time; written once
	_    [48]byte

	// Written by producers, under T.
	T        prim.Lock
	_        uint32
	Tail     Mark
	FreeSeen uint64 // what T's holders last saw in Free
	_        [32]byte

	// Written by consumers, under H.
	H        prim.Lock
	_        uint32
	Head     Mark
	Free     Mark
	TailSeen uint64 // what H's holders last saw in Tail
	_        [24]byte

	// Seldom written.
	Data  atomic.Uint32 // consumers wait for a message: asleep
	Space atomic.Uint32 // producers wait for space: asleep
	Shut  atomic.Uint32 // open, closed, dropped
	_     [52]byte
}

// asleep is what Data and Space say while somebody may sleep on them. Whoever wants to sleep sets it, looks once
// more, and sleeps while it is set; whoever has changed what they wait for clears it and wakes one. The one
// who was woken sets it again at once, as others may sleep, and when it has what it wanted and there is
// more, it clears it and wakes the next.
const asleep = 1

func sleeping(now, _ uint32) bool { return now == asleep }

// Mark is a place between two records: how many bytes and how many messages came before it, in one word, so that
// both move at once. Both wrap; differences do not, as a ring holds less than half of either.
type Mark struct {
	_ structs.HostLayout
	v atomic.Uint64
}

const (
	countBits = 24
	// MaxMessages and MaxSize bound a ring.
	MaxMessages = 1<<(countBits-1) - 1
	MaxSize     = 1 << 36
)

// at is the word of a mark: bytes in units of words above the count.
func at(words, count uint64) uint64 { return words<<countBits | count&(1<<countBits-1) }

// words is how many words lie between two marks, count how many messages.
func words(from, to uint64) uint64 {
	return (to>>countBits - from>>countBits) & (1<<(64-countBits) - 1)
}
func count(from, to uint64) uint64 { return (to - from) & (1<<countBits - 1) }

// Errors of the operations that do not wait, and of a ring that was shut.
var (
	ErrFull     = errors.New("mp: the queue is full")
	ErrEmpty    = errors.New("mp: the queue is empty")
	ErrShutDown = errors.New("mp: the queue was shut down")
)

// SizeError: a message that does not fit in the ring, however empty it is.
type SizeError struct{ Size, Most int }

// Error tells both sizes.
func (e *SizeError) Error() string {
	return fmt.Sprintf("mp: a message of %d bytes for a queue whose ring takes %d at most", e.Size, e.Most)
}

// The states of Shut.
const (
	open    uint32 = iota
	closed         // no more messages; those that are there can be taken
	dropped        // nor these
)

// Init makes a ring of size bytes, a power of two, for at most n messages.
func (r *Ring) Init(size, n uint64) { r.Size, r.Most = size, n }

// Largest is how long a message may be that lies in the ring itself: with more than a quarter of it, a message
// might never fit beside the record that fills the ring's end.
func (r *Ring) Largest() int { return int(r.Size/4) - wordSize }

// Len is how many messages were put and not taken; reserved ones count.
func (r *Ring) Len() int { return int(count(r.Head.v.Load(), r.Tail.v.Load())) }

// User is a process's way of using a ring.
type User struct {
	Me     uint32 // the holder value of internal locks: prim.Holder(id, false)
	Slot   uint32 // in the process table
	Parker park.Parker

	spinT, spinH, spinData, spinSpace park.Spin
}
