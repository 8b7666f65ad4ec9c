//go:build linux

package mp

import (
	"context"

	"github.com/multiproc/mp/internal/arena"
)

// Unannotated is the lock without a word to the race detector.
type Unannotated struct{ L *Lock }

// Lock locks.
func (u Unannotated) Lock() {
	if !u.L.fast.TryLock(u.L.me) {
		_ = u.L.lockContext(context.Background())
	}
}

// Unlock unlocks.
func (u Unannotated) Unlock() {
	if !u.L.fast.Unlock(u.L.me) {
		u.L.unlockSlow()
	}
}

// DecodeFailure and DecodeOrder are what a parent and a child read from each other.
var (
	DecodeFailure = decodeFailure
	AppendFailure = appendFailure
)

// DecodeOrder reads what a child is asked to run.
func DecodeOrder(b []byte) error {
	_, err := decodeOrder(b)
	return err
}

// SpoilQueue writes over words of a queue that its consumers go by.
func SpoilQueue[T any](q *Queue[T]) { q.way.ring.TailSeen = 1 << 60 }

// SpoilQueueSize makes q's ring one that cannot be where it is.
func SpoilQueueSize[T any](q *Queue[T]) { q.way.ring.Size = 1 << 31 }

// EnrollTheDead gives b to a child that has been swept before it could be made a party.
func EnrollTheDead(b *Barrier, name string, pid int) error {
	order, err := b.MarshalBinary()
	if err == nil {
		gone := processState{arena: b.arena, pid: pid, id: arena.ID(arena.Slots-1, 1)}
		gone.enroll(name, order)
	}
	return err
}

// Watched is how many words are watched, or followed, by goroutines of this process that sleep.
func Watched() uint32 {
	in := DefaultArena().in
	return in.Board().Bells[arena.SlotOf(in.Me())].Others.Load()
}
