//go:build mpfail

package failpoint

import (
	"os"
	"sync"
)

// Enabled is true in builds with -tags mpfail.
const Enabled = true

var state struct {
	mu    sync.Mutex
	armed bool
	left  int
	hits  int
	last  func(step string)
}

// Hit marks a step, and is where an armed process ends.
func Hit(step string) {
	state.mu.Lock()
	defer state.mu.Unlock()
	if !state.armed {
		return
	}
	state.hits++
	if state.left--; state.left != 0 {
		return
	}
	if state.last != nil {
		state.last(step)
	}
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill()
	}
	select {} // the signal is on its way; not one more instruction of the step may run
}

// Arm kills the process at the n-th Hit from now on; n = 0 only counts. last, if not nil, is told the
// name of the step just before.
func Arm(n int, last func(step string)) {
	state.mu.Lock()
	defer state.mu.Unlock()
	state.armed, state.left, state.hits, state.last = true, n, 0, last
}

// Disarm ends what Arm began and returns the number of steps that were hit.
func Disarm() int {
	state.mu.Lock()
	defer state.mu.Unlock()
	state.armed = false
	return state.hits
}
