package mp

import (
	"slices"
	"sync"
	"time"

	"github.com/multiproc/mp/internal/boot"
)

// spares are children that were started ahead and wait for an order.
var spares struct {
	sync.Mutex
	want    int
	filling bool
	ready   []*processState
}

// KeepSpares keeps n children started ahead: Process.Start then hands one its call, which takes a small
// part of the time of a fresh start, and a new spare is started in the background. A spare is a process of
// its own for one call, as any other. Processes that ask for their own Env, Dir or streams are started
// afresh. Each spare takes the memory of an idle Go process, a few MiB. KeepSpares(0) ends them.
//
// It returns when n spares are ready, or with the reason why one could not be started. ErrNoMain before Main.
func KeepSpares(n int) error {
	if !self.ready.Load() {
		return ErrNoMain
	}
	spares.Lock()
	spares.want = n
	spares.Unlock()
	return fillSpares()
}

// fillSpares brings the spares to their number. One goroutine at a time does it.
func fillSpares() error {
	spares.Lock()
	if spares.filling {
		spares.Unlock()
		return nil
	}
	spares.filling = true
	defer func() {
		spares.filling = false
		spares.Unlock()
	}()
	for {
		for len(spares.ready) > spares.want {
			drop(spares.ready[0])
			spares.ready = slices.Delete(spares.ready, 0, 1)
		}
		if len(spares.ready) >= spares.want {
			return nil
		}
		spares.Unlock()
		st, err := newChild("spare", boot.Spec{})
		if err == nil {
			select {
			case <-st.hello:
			case <-st.done:
				err = st.err
			}
		}
		spares.Lock()
		if err != nil {
			return err
		}
		spares.ready = append(spares.ready, st)
	}
}

// takeSpare hands out a spare that lives; nil if there is none.
func takeSpare() *processState {
	spares.Lock()
	defer spares.Unlock()
	for len(spares.ready) > 0 {
		last := len(spares.ready) - 1
		st := spares.ready[last]
		spares.ready[last] = nil // what it will give, and the handles in that, must not live on with the list
		spares.ready = spares.ready[:last]
		refillSoon()
		select {
		case <-st.child.Done(): // somebody has killed it
		default:
			return st
		}
	}
	return nil
}

// refillAfter lets the process that took a spare come up before the next spare competes with it for the CPUs.
const refillAfter = 5 * time.Millisecond

// refillSoon starts the next spare. A failure is the next Start's to meet, which starts afresh.
func refillSoon() { time.AfterFunc(refillAfter, func() { _ = fillSpares() }) }

// closeSpares ends the spares with the program.
func closeSpares() {
	spares.Lock()
	defer spares.Unlock()
	spares.want = 0
	for _, st := range spares.ready {
		drop(st)
	}
	spares.ready = nil
}

// drop sends a spare away: the end of its socket tells it.
func drop(st *processState) { _ = st.child.Control().Close() }
