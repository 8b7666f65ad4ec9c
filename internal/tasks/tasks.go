// Package tasks is a queue of messages of any size in memory that several processes map, whose messages are only gone when
// the work on them is done: first in, first out, and what a dead process had in hand comes again, first.
//
//	waiting   in the list from First to Last, ordered by number: that of its put
//	in hand   in the list of the process that has got it, and works on it
//	done      its cell is free
//
// What moves a message is one transaction (package slab) each: a put from nothing to waiting, a get from waiting to in hand,
// Done from in hand to done, PutBack, and the sweep of the dead, from in hand to waiting, at the place of its number. As
// messages are got in their order, those that come back are before all that were never delivered. Pull takes a message from
// waiting to done, for queues whose messages are gone when they are got. Counters change in the same transactions, so
// that they are exact, whoever dies.
//
// # Waiting
//
// Three words have a bit W, that somebody sleeps: Data for a message, Room for room, Finished for the end of all work.
// W is set under the slab's lock by one that has looked in vain, and taken away under it by whoever brings what is waited
// for, who wakes then: one for Data and Room, all for Finished. So whoever sleeps is blocked (W) no longer than what it
// waits for is not there, unless the one who brought it has died; then the sweep takes W away, and wakes all.
//
// Of those who have slept for a message each one, when it leaves, wakes the next if there is another message, and otherwise
// sets W again: puts have relied on it since W was taken away. For room there is one sleeper at a time: it holds the
// lock Line, and while it sleeps all others stand behind it, also those whose message would fit, so that a large message
// is not starved by small ones.
//
// Lock order: Line, then the slab's lock, then the heap's.
package tasks

import (
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/slab"
)

// Tasks is the state of a queue. All words but the last four are guarded by the slab's lock, and change by transactions.
type Tasks struct {
	_     structs.HostLayout
	Slab  slab.Slab
	First uint64 // the cell of the first message that waits; 0: none does
	Last  uint64
	Len   uint64 // messages that wait
	Bytes uint64 // that they take
	Puts  uint64 // messages that were ever put: the number of the last one
	Gone  uint64 // messages of them that are done, or were dropped
	Zeros uint64 // how often all were
	Shut  uint64 // open, shut or dropping

	Most      uint64 // messages that may wait, 0: any number; written once
	MostBytes uint64 // bytes that they may take, 0: any number; written once
	Data      atomic.Uint32
	Room      atomic.Uint32
	Finished  atomic.Uint32
	Line      prim.Lock // held by the producer that waits for room
	_         [24]byte
}

// What Shut says.
const (
	open     = 0
	shut     = 1 // nobody puts any more
	dropping = 2 // and what waits, or comes back, is dropped
)

// waited is W. It is all that a word to sleep on has.
const waited uint32 = 1

// MaxMessages bounds Most.
const MaxMessages = 1<<22 - 1

// Init sets the limits, 0 for none, before anybody else knows of the queue.
func (q *Tasks) Init(most, mostBytes uint64) { q.Most, q.MostBytes = most, mostBytes }

// User is a process's way of using a queue.
type User struct {
	*slab.User
	Hand *uint64 // the cell of the message that this process has got last and has in hand; nil: it only pulls

	spinData, spinRoom, spinLine park.Spin
}

// takes is how many bytes of the limit a message of n bytes takes.
func takes(n uint64) uint64 { return n + Overhead }

// fits tells whether there is room for one of n bytes.
func (q *Tasks) fits(n uint64) bool {
	return (q.Most == 0 || q.Len < q.Most) && (q.MostBytes == 0 || q.Bytes+takes(n) <= q.MostBytes)
}

// Largest is how long a message may be.
func (q *Tasks) Largest() uint64 {
	if q.MostBytes == 0 {
		return 1 << 62
	}
	return q.MostBytes - Overhead
}

// unfinished are those that wait or are in hand.
func (q *Tasks) unfinished() uint64 { return q.Puts - q.Gone }

// Waiting is how many messages wait.
func (q *Tasks) Waiting() int { return int(atomic.LoadUint64(&q.Len)) }

// gone counts one that is done.
func (q *Tasks) gone(t *slab.Tx) {
	t.Set(&q.Gone, q.Gone+1)
	if q.unfinished() == 1 {
		t.Set(&q.Zeros, q.Zeros+1)
	}
}
