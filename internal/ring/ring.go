// Package ring is a bounded queue of messages of any size in memory that several processes map: many producers,
// many consumers, first in, first out, whole whenever one of them is killed.
//
// The ring is a head of a few words (Ring) and its bytes, a power of two. A message is a record: one header
// word, then its bytes, rounded up to whole words, never split at the ring's end: where one does not fit, a
// record without a message fills the rest, which only ever stands before one that has one. Several records may go in or come
// out at once: each mark moves over all of them by one CAS.
//
//	head ≤ tail, tail − head ≤ size
//	[head, tail)         the messages that were put and not taken, in this order
//	[tail, head + size)  nobody's, or that of the producer who holds T
//
// What commits a put is the CAS that moves Tail over its record, and a get the one that moves Head. Both
// are made once the bytes are copied, under the producers' lock T and the consumers' lock H, which a death frees: so a
// message exists whole or not at all, is taken or is still there, and there is nothing to mend after a death.
//
// # Waiting
//
// A mark's word says itself whether somebody sleeps who waits for it to move:
//
//	W in Tail  consumers sleep.        Set by CAS on a Tail that equals Head: so the ring is empty while W stands.
//	W in Head  the producer sleeps.    Set by CAS on a Head at which its record does not fit, and it does not until Head moves.
//	S in both  the ring is shut: nobody puts any more, nobody sleeps.
//
// Whoever moves the mark takes W away by the same CAS, and wakes one. So a sleeper is blocked (W and no S) exactly as
// long as what it waits for is not there, and a wake-up that is lost with a process that died or is stopped is made good by
// the sweep, which wakes all, or by the parker's tick.
//
// Of those who have slept for a message each one, when it leaves, sets W again if it leaves the ring empty, and
// otherwise wakes the next: puts have relied on it since W was taken away. For space there is one sleeper
// at a time: it holds the lock Line, and while it sleeps all others stand behind it, also those whose message would fit.
// So a large message is not starved by small ones, and the next has its turn by the unlock.
//
// # Long messages
//
// What is longer than User.Largest lies in a block outside of the ring; its record names the block, and takes as much of the ring as
// if the message lay there. See Block.
//
// # Corruption
//
// Whatever lies in the ring may have been written over by a process that has gone wrong. Nothing of it leads outside of
// the ring's memory: its size was read once, by NewUser, and each place is below it. What cannot be is a CorruptError: marks
// further apart than the ring is long, a record that leaves its bounds, a lock that nobody holds who exists. Who finds it says so in
// the ring, for good: all others get the same error, those that sleep too. What could be is taken for what it is: a
// message with other bytes, a lock held by another process, a ring that was shut.
package ring

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/prim"
)

// Ring is the head of a ring. Its bytes follow it in memory. Lines are apart by who writes them.
type Ring struct {
	_    structs.HostLayout
	Size uint64 // of the bytes: a power of two; written once
	Most uint64 // messages that may be in it at a time, 0: MaxMessages; written once
	bad  atomic.Uint32
	_    [44]byte

	// Written by producers.
	T        prim.Lock
	Line     prim.Lock // held by the producer that waits for space
	Tail     Mark
	HeadSeen uint64 // where T's holders last saw Head; under T
	_        [24]byte

	// Written by consumers.
	H        prim.Lock
	owed     atomic.Uint32 // reclaimings that are still to be done
	Head     Mark
	TailSeen uint64 // where H's holders last saw Tail; under H
	_        [32]byte

	// Written when blocks come and go.
	B      prim.Lock
	turn   uint32            // the place of Spares that is given up next; under B
	Spares [MaxSpares]uint64 // blocks that are kept for the next message, at any place; under B
}

// Mark is a place between two records: how many bytes and how many messages came before it, in one word, so that
// both move at once. Both wrap; differences do not, as a ring holds less than half of either.
//
//	bit   0      W  somebody sleeps
//	bit   1      S  shut
//	bits  2–24   messages
//	bits 25–63   words
type Mark struct {
	_ structs.HostLayout
	v atomic.Uint64
}

const (
	waited uint64 = 1 << 0
	shut   uint64 = 1 << 1
	flags         = waited | shut

	countAt, wordsAt = 2, 25
	countMask        = 1<<(wordsAt-countAt) - 1
	wordsMask        = 1<<(64-wordsAt) - 1
)

// Bounds of a ring.
const (
	MaxMessages = countMask / 2
	MinSize     = 64
	MaxSize     = 1 << 32
)

// words is how many words lie between two marks, count how many messages.
func words(from, to uint64) uint64 { return (to>>wordsAt - from>>wordsAt) & wordsMask }
func count(from, to uint64) uint64 { return (to>>countAt - from>>countAt) & countMask }

// past is the mark so many words and messages further, without flags.
func past(v, words, n uint64) uint64 {
	return (v>>wordsAt+words)<<wordsAt | (v>>countAt+n)&countMask<<countAt
}

// move puts a mark where it was, or further on, unless the ring was shut, if open is asked for. It tells whether it did,
// and whether somebody sleeps who waited for it. Whoever may move the mark holds a lock: only flags change meanwhile.
func (m *Mark) move(to uint64, open bool) (wake, ok bool) {
	for {
		v := m.v.Load()
		if open && v&shut != 0 {
			return false, false
		}
		if m.v.CompareAndSwap(v, to|v&shut) {
			return v&waited != 0, true
		}
	}
}

// at is where the mark stands.
func (m *Mark) at() uint64 { return m.v.Load() &^ flags }

func (m *Mark) shut() bool { return m.v.Load()&shut != 0 }

// Init makes a ring of size bytes, a power of two from MinSize to MaxSize, for at most n messages, or, if that is 0,
// MaxMessages, before anybody else knows of it.
func (r *Ring) Init(size, n uint64) { r.Size, r.Most = size, n }

// Len is how many messages were put and not taken. Head is read again so that both are of one moment.
func (r *Ring) Len() int {
	for {
		head := r.Head.at()
		tail := r.Tail.at()
		if r.Head.at() == head {
			return int(count(head, tail))
		}
	}
}
