package park

import (
	"runtime"
	"sync/atomic"

	"github.com/multiproc/mp/internal/sys"
)

// Budgets of Spin, in looks at the word; a look with its pause takes about 12 ns.
const (
	spinFirst = 100
	spinMost  = 1600 // 20 µs, about the price of a wake-up across CPUs: a longer spin saves nothing
	spinProbe = 64   // every so many spins one of full length, to notice better times
)

// Spin decides how long to look at a word before sleeping. The zero Spin is ready; it belongs to one
// object in one process and learns from it: it aims at twice what success took of late, and gives up
// spinning where success never comes, as with more runnable workers than CPUs.
type Spin struct {
	less  atomic.Int32 // spinFirst - budget, so that zero is the first budget
	tries atomic.Uint32
}

// Until spins while blocked and tells whether it ended well.
func (s *Spin) Until(w *atomic.Uint32, seen uint32, blocked Blocked) bool {
	if !manyCPUs {
		return false
	}
	learned := spinFirst - s.less.Load()
	budget := learned
	if s.tries.Add(1)%spinProbe == 0 {
		budget = spinMost
	}
	for i := range budget {
		pause()
		if !blocked(w.Load(), seen) {
			s.less.Store(spinFirst - min(learned+(2*i+64-learned)/8, spinMost))
			return true
		}
	}
	s.less.Store(spinFirst - (learned - learned/4))
	return false
}

// Yield lets other goroutines run, and other processes: for somebody who is sure to come soon.
func Yield() {
	sys.Yield()
	runtime.Gosched()
}

var cpus = runtime.NumCPU()

// With one CPU nobody can change the word while we look at it.
var manyCPUs = cpus > 1

// Running tells whether so many others can be running while we look at a word: if not, whoever waits for all of them has
// the CPU that one of them needs.
func Running(others int) bool { return others < cpus }

// Pause lets as much time pass as that many looks of Spin take; none with one CPU, on which nobody else gets on meanwhile.
func Pause(looks int) {
	if manyCPUs {
		for range looks {
			pause()
		}
	}
}

// pauseLoops is the time between two looks. Looking all the time takes the cache line away from the holder
// who is about to write it: without a pause a lock handed between two CPUs took 60 ns, with 10 to 100 loops 20.
const pauseLoops = 20

//go:noinline
func pause() {
	for range pauseLoops {
	}
}
