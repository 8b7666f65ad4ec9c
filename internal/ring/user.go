package ring

import (
	"math/bits"
	"sync/atomic"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// User is a process's way of using a ring; all its goroutines share it.
type User struct {
	Surroundings
	me    uint32 // the holder value of its locks
	words uint64 // of the ring
	most  uint64 // messages that Init was given
	limit uint64 // messages

	largest int // see Largest

	left   atomic.Bool  // Leave was called
	asleep atomic.Int32 // goroutines in sleep

	spinT, spinH, spinB, spinLine, spinData, spinSpace park.Spin
}

// Surroundings are what a process knows of where a ring lies.
type Surroundings struct {
	ID     uint32 // of the process
	Parker park.Parker
	Knows  func(id uint32) bool // whether a process has an id, or had and is not swept yet
	Lives  func(id uint32) bool // whether no sweep of the process with an id has begun
	Bytes  uint64               // what the ring has room in, head and all
	Store  Store                // of its blocks
	Number uint64               // among the rings that share the store
}

// NewUser is how a process uses a ring. *CorruptError: there is no such ring.
func (r *Ring) NewUser(s Surroundings) (*User, error) {
	size, most := r.Size, r.Most
	if bits.OnesCount64(size) != 1 || size < MinSize || size > MaxSize || s.Bytes < Memory(size) {
		return nil, corrupt("its size is %d bytes, in %d of memory", size, s.Bytes)
	}
	if most > MaxMessages {
		return nil, corrupt("its limit is %d messages", most)
	}
	u := &User{Surroundings: s, me: prim.Holder(s.ID, false), words: size / wordSize, most: most, limit: most}
	u.largest = min(int(u.words/4*wordSize)-wordSize, enough)
	if most == 0 {
		u.limit = MaxMessages
	}
	return u, nil
}

// Largest is how long a message in the ring itself may be, in bytes: with more than a quarter of the ring, it might never fit
// beside the record that fills the ring's end, and a long one would be copied under the locks.
func (u *User) Largest() int { return u.largest }

// Most is how many messages may be in the ring at a time, 0: MaxMessages.
func (u *User) Most() int { return int(u.most) }

// index is the word of the ring at which a mark stands.
func (u *User) index(at uint64) uint64 { return at >> wordsAt & (u.words - 1) }

// place is where a record goes. Where it would be split, a filler comes first, and start is behind
// it: both are in the ring only when Tail has passed them. all is what they take together, in words.
func (u *User) place(tail uint64, s shape) (start, all uint64) {
	if toEnd := u.words - u.index(tail); toEnd < s.whole {
		return past(tail, toEnd, 0), toEnd + s.all
	}
	return tail, s.all
}

// fits tells whether there is room for a record. Once there is not, there is not until head moves: a later
// tail does not leave more, with a filler or without.
func (u *User) fits(head, tail uint64, s shape) bool {
	_, all := u.place(tail, s)
	return u.room(head, tail, all)
}

// room tells whether there is room for so many words, and one more message.
func (u *User) room(head, tail, all uint64) bool {
	return words(head, tail)+all <= u.words && count(head, tail) < u.limit
}
