package ring

import (
	"math/bits"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// User is a process's way of using a ring; all its goroutines share it.
type User struct {
	me     uint32 // the holder value of its locks
	parker park.Parker
	knows  func(id uint32) bool
	words  uint64 // of the ring
	most   uint64 // messages

	spinT, spinH, spinLine, spinData, spinSpace park.Spin
}

// NewUser is how the process with the given id uses a ring that lies, head and all, in so many bytes. knows tells whether a process
// has an id, or had and is not swept yet. *CorruptError: there is no such ring.
func (r *Ring) NewUser(id uint32, p park.Parker, knows func(id uint32) bool, bytes uint64) (*User, error) {
	size, most := r.Size, r.Most
	if bits.OnesCount64(size) != 1 || size < MinSize || size > MaxSize || bytes < Memory(size) {
		return nil, corrupt("its size is %d bytes, in %d of memory", size, bytes)
	}
	if most > MaxMessages {
		return nil, corrupt("its limit is %d messages", most)
	}
	return &User{me: prim.Holder(id, false), parker: p, knows: knows, words: size / wordSize, most: most}, nil
}

// Largest is how long a message may be, in bytes: with more than a quarter of the ring, it might never fit beside the record that
// fills the ring's end.
func (u *User) Largest() int { return int(u.words/4*wordSize) - wordSize }

// Most is how many messages may be in the ring at a time, 0: MaxMessages.
func (u *User) Most() int { return int(u.most) }

// index is the word of the ring at which a mark stands.
func (u *User) index(at uint64) uint64 { return at >> wordsAt & (u.words - 1) }

// place is where a record of n words goes. Where it would be split, a filler comes first, and start is behind
// it: both are in the ring only when Tail has passed them. all is what they take together, in words.
func (u *User) place(tail, n uint64) (start, all uint64) {
	if toEnd := u.words - u.index(tail); toEnd < n {
		return past(tail, toEnd, 0), toEnd + n
	}
	return tail, n
}

// fits tells whether there is room for a record of n words. Once there is not, there is not until head moves: a later
// tail does not leave more, with a filler or without.
func (u *User) fits(head, tail, n uint64) bool {
	_, all := u.place(tail, n)
	most := u.most
	if most == 0 {
		most = MaxMessages
	}
	return words(head, tail)+all <= u.words && count(head, tail) < most
}
