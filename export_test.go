//go:build linux

package mp

import "context"

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
