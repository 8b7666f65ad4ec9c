package ring

import (
	"errors"
	"fmt"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/refusal"
)

// CorruptError: something has written over a queue in shared memory, and it is of no use any more. It is
// refusal.ErrCorrupt.
type CorruptError struct {
	Queue string // its name; "" = it has none
	What  string // what was found there
}

// Error says what was found.
func (e *CorruptError) Error() string {
	name := "a queue"
	if e.Queue != "" {
		name = fmt.Sprintf("queue %q", e.Queue)
	}
	return fmt.Sprintf("mp: %s is corrupt: %s; some process has written to memory that is not its own", name, e.What)
}

// Unwrap makes it ErrCorrupt.
func (e *CorruptError) Unwrap() error { return refusal.ErrCorrupt }

func corrupt(what string, args ...any) error { return &CorruptError{What: fmt.Sprintf(what, args...)} }

// Corrupt tells whether somebody has found the ring corrupt.
func (r *Ring) Corrupt() bool { return r.bad.Load() != 0 }

func (r *Ring) refuse() error { return corrupt("a process has found it so before") }

// condemn tells all that the ring is corrupt. Killed in it, the sweep goes on.
func (r *Ring) condemn(p park.Parker, err error) error {
	r.bad.Store(1)
	r.Tail.v.Or(shut)
	r.tellShut(p)
	return err
}

// free takes a lock of a corrupt ring from whoever seems to hold it: those that sleep there find out.
func free(l *prim.Lock, p park.Parker) {
	id, _ := l.HeldBy()
	l.Died(id, p, func() {})
}

// stray looks at a lock that is held: by whom?
func (r *Ring) stray(u *User, l *prim.Lock) error {
	id, _ := l.HeldBy()
	if id == 0 || u.Knows(id) {
		return nil
	}
	// A process that was swept between the two has left the lock before it was forgotten.
	if again, _ := l.HeldBy(); again != id {
		return nil
	}
	free(l, u.Parker)
	return r.condemn(u.Parker, corrupt("a lock of it is held by id %d, which no process has", id))
}

// wrongLock is what comes of a lock's error: one that a death leaves free is never abandoned.
func (r *Ring) wrongLock(u *User, err error) error {
	if errors.Is(err, prim.ErrAbandoned) {
		return r.condemn(u.Parker, corrupt("a lock of it is abandoned, which a death leaves free"))
	}
	return err
}

// apart tells what is wrong with two marks: there is no such ring between them.
func (u *User) apart(head, tail uint64) error {
	if n := words(head, tail); n > u.words || count(head, tail) > n {
		return corrupt("%d messages in %d words lie in its %d words", count(head, tail), n, u.words)
	}
	return nil
}

// first is the place and the header of the first message from a mark on, behind which so many words are in use.
func (r *Ring) first(u *User, at, left uint64) (start uint64, h header, err error) {
	if left > u.words {
		return 0, 0, corrupt("%d words of its %d are in use", left, u.words)
	}
	h = header(*r.word(u.index(at)))
	if h.kind() == filler {
		n := recordWords(h.size())
		if n >= left || u.index(at)+n != u.words {
			return 0, 0, corrupt("a filler of %d words at word %d of %d", n, u.index(at), u.words)
		}
		at, left = past(at, n, 0), left-n
		h = header(*r.word(u.index(at)))
	}
	if !u.stands(at, left, h) {
		n := recordWords(h.size())
		return 0, 0, corrupt("a record of kind %d and %d words at word %d of %d, with %d in use", h.kind(), n, u.index(at), u.words, left)
	}
	return at, h, nil
}

// stands tells whether a header at a mark can be that of a message.
func (u *User) stands(at, left uint64, h header) bool {
	n, toEnd := recordWords(h.size()), u.words-u.index(at)
	if h.kind() == message {
		return n <= left && n <= toEnd
	}
	return h.kind() == inBlock && n <= left && n >= blockWords && blockWords <= toEnd
}
