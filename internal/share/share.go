// Package share hands open descriptors to other processes of the same user, who know the key. A process that offers one
// has a desk: a listening socket in Linux's abstract namespace, which is gone with the last offer, or with the process.
// Who has the ticket connects, says the key and gets a descriptor of the same open file by SCM_RIGHTS, as often
// as it likes.
//
// A stranger who connects is of another user and is hung up on, or does not know the key, 128 random bits, and gets
// nothing. Nobody holds up anybody else: who connects and then is killed, or says nothing, has one goroutine wait
// for it, for a while.
//
// Everything here needs Linux. Elsewhere each call returns a *sys.UnsupportedError.
package share

import (
	"errors"
	"fmt"
)

// Key names one offer, and is known to those who were told it alone.
type Key [16]byte

// Ticket is what a descriptor is fetched with.
type Ticket struct {
	Namespace uint64 // inode of the network namespace that the desk is in; 0 = unknown
	Socket    uint64 // random part of the socket's name
	Key       Key
}

// The reasons why a fetch fails that are not the system's.
var (
	ErrWithdrawn = errors.New("the offer was withdrawn")
	ErrNobody    = errors.New("nobody is at the desk: no offer is left, or the process has ended")
	ErrElsewhere = errors.New("the desk is in another network namespace, and so out of reach")
	ErrClosed    = errors.New("the descriptor is closed")
)

// socketName of the desk of the process that is called owner. The @ stands for the zero byte that makes it abstract.
func socketName(owner string, number uint64) string { return fmt.Sprintf("@mp-%s-%x", owner, number) }
