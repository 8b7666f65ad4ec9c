package main

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/sys"
)

// Where the words of a measurement lie. Those of a player are at its role's end of a pair.
const (
	wordBall  = 1 // +role: what a player waits for
	wordBell  = 3 // +role: the doorbell of the copied dispatcher
	wordReady = 5 // the second player is set up
	wordStop  = 6
	wordFull  = 100  // +role*100: words on which the places in the kernel are slept away
	wordMany  = 300  // +role*100: companions in a futex_waitv
	wordCrowd = 1024 // and all after it
)

func same(now, seen uint32) bool { return now == seen }

// raise sets a flag that another process may be waiting for.
func raise(flag *atomic.Uint32) {
	flag.Store(1)
	sys.FutexWake(flag, park.All, sys.AllBits)
}

func awaitRaised(flag *atomic.Uint32) {
	for flag.Load() == 0 {
		sys.FutexWait(flag, 0, sys.AllBits)
	}
}

// await runs the scheduler until ok: for states that nothing announces.
func await(ok func() bool) {
	for !ok() {
		runtime.Gosched()
	}
}

// settle computes for d.
func settle(d time.Duration) {
	for begin := time.Now(); time.Since(begin) < d; {
		pause()
	}
}

// pauseLoops is that of park.Spin: the time between two looks at a word.
const pauseLoops = 20

//go:noinline
func pause() {
	for range pauseLoops {
	}
}
