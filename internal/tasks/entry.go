package tasks

import (
	"fmt"
	"structs"

	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/slab"
)

// Entry is what the cell of a message begins with. The message follows it.
type Entry struct {
	_      structs.HostLayout
	Prev   uint64 // in hand: the one that its process has got after it, 0: none
	Number uint64 // of its put, from 1
	Turns  uint64 // how often it was delivered
	Since  int64  // when it last was: CLOCK_MONOTONIC, ns
}

const (
	entrySize = 32

	// Overhead is what a message takes beside its bytes: the heads of its entry and of its cell.
	Overhead = entrySize + 16
)

// Message is what one in hand holds. It stays as it is until that is done, or put back.
func (u *User) Message(at uint64) (msg []byte, turns uint64) {
	b := u.whole(at)
	return b[entrySize:], entryIn(b).Turns
}

// whole is what is in the cell of a message: its entry, and then itself.
func (u *User) whole(at uint64) []byte {
	b := u.Bytes(at)
	if len(b) < entrySize {
		corrupt("a message in a cell of %d bytes", len(b))
	}
	return b
}

// insert adds a message that does not wait, behind prev, or, if that is 0, first.
func (q *Tasks) insert(t *slab.Tx, u *User, prev, at uint64) {
	link := &q.First
	if prev != 0 {
		link = &u.Cell(prev).Next
	}
	next := *link
	t.Set(link, at)
	t.Set(&u.Cell(at).Next, next)
	if next == 0 {
		t.Set(&q.Last, at)
	}
	t.Set(&q.Len, q.Len+1)
	t.Set(&q.Bytes, q.Bytes+u.size(at))
}

// size is what it counts in Bytes.
func (u *User) size(at uint64) uint64 { return u.Cell(at).Len() + Overhead - entrySize }

// cut takes the first of those that wait out of the list.
func (q *Tasks) cut(t *slab.Tx, u *User) (at uint64) {
	if at = q.First; q.Len == 0 {
		corrupt("message %#x waits where none does", at)
	}
	next := u.Cell(at).Next
	t.Set(&q.First, next)
	if next == 0 {
		t.Set(&q.Last, 0)
	}
	t.Set(&q.Len, q.Len-1)
	t.Set(&q.Bytes, q.Bytes-u.size(at))
	return at
}

// hand puts one that cut has taken out in hand.
func (u *User) hand(t *slab.Tx, at uint64, now int64) {
	e := u.entry(at)
	e.Prev, e.Since = 0, now // of one that waits they mean nothing
	t.Set(&e.Turns, e.Turns+1)
	head := *u.Hand
	t.Set(&u.Cell(at).Next, head)
	if head != 0 {
		t.Set(&u.entry(head).Prev, at)
	}
	t.Set(u.Hand, at)
}

// unhand takes one out of the list of those in hand.
func (u *User) unhand(t *slab.Tx, at uint64) {
	prev, next := u.entry(at).Prev, u.Cell(at).Next
	if prev != 0 {
		t.Set(&u.Cell(prev).Next, next)
	} else {
		t.Set(u.Hand, next)
	}
	if next != 0 {
		t.Set(&u.entry(next).Prev, prev)
	}
}

// place is the last of those that wait with a lower number, 0 if there is none. from is 0, or one that waits where the search
// may begin.
func (q *Tasks) place(u *User, from, number uint64) (prev uint64) {
	next := q.First
	if from != 0 && u.entry(from).Number < number {
		prev, next = from, u.Cell(from).Next
	}
	for left := min(q.Len, q.unfinished()); next != 0 && u.entry(next).Number < number; left-- {
		if left == 0 {
			corrupt("more messages wait than are counted, %d of %d", q.Len, q.unfinished())
		}
		prev, next = next, u.Cell(next).Next
	}
	return prev
}

func corrupt(what string, args ...any) {
	panic("mp: corrupt arena: a queue: " + fmt.Sprintf(what, args...))
}

// Locks are the locks of a queue, by what they are for.
func (q *Tasks) Locks() map[string]*prim.Lock {
	return map[string]*prim.Lock{"its lock": &q.Slab.Lock, "line of its producers": &q.Line}
}
