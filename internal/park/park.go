// Package park puts goroutines to sleep on 32-bit words and wakes them.
//
// A blocking algorithm is written once, over a word, and is handed the way of sleeping: [Local] for words
// on the heap of this process, made of channels, and [Shared] for words in memory that several processes
// map, made of futexes.
//
// Waiting is level-triggered. A waiter says which values of the word it cannot go on with; it may be
// released when the word has another value, decides anew, and parks again if it must. A wake-up carries no
// meaning of its own: one too many costs nothing, and one that was lost, because the process that was to
// send it or to receive it has died or is stopped, costs at most [Tick]: each parker looks at its
// sleepers' words that often.
//
// Lock order: a shard's mutex is the innermost; nothing is called with it held but Blocked functions.
package park

import (
	"context"
	"sync/atomic"
	"time"
)

// Tick is the time between two looks at all sleeping waiters of a process. It passes only while somebody sleeps.
const Tick = 100 * time.Millisecond

// Blocked says whether a waiter that came when the word was seen still has to wait now that it is now.
// It is called with internal locks held, by any goroutine, and must be a pure function of its arguments. All
// waiters of a word hand in the same one: a Wake of one waiter may meet another that is still blocked, and would
// be lost on it.
type Blocked func(now, seen uint32) bool

// Same blocks while the word is what it was.
func Same(now, seen uint32) bool { return now == seen }

// Parker is a way of sleeping on words.
type Parker interface {
	// Park sleeps while blocked(*w, seen), until ctx ends. It returns nil after any wake-up, without a promise
	// that the word has moved on, or ctx's error. A release that came first wins over the end of ctx.
	Park(ctx context.Context, w *atomic.Uint32, seen uint32, blocked Blocked) error

	// ParkAgain is Park for somebody who was woken and was too late: it goes before the other waiters of
	// this process, not behind them. Its Blocked must not go by what was seen: see enter.
	ParkAgain(ctx context.Context, w *atomic.Uint32, seen uint32, blocked Blocked) error

	// Wake releases at least one of w's waiters, if there is one, and about n: Shared counts processes.
	// The word must have been changed before.
	Wake(w *atomic.Uint32, n int) Woke
}

// Woke is what a Wake knows of its effect.
type Woke int

const (
	// Nobody waited: whoever comes now sees the changed word.
	Nobody Woke = iota
	// Perhaps somebody waits: processes were told to look, which may wait for other words.
	Perhaps
	// Somebody will come out of Park on account of this wake-up, unless its process dies.
	Somebody
)

// All is a Wake of everybody.
const All = 1 << 30
