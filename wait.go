package mp

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// Waitable is what [Wait] waits for:
//
//	*Process     has ended
//	*Event       is set, or was since Wait began
//	*Queue       Get would return at once: there is a message, or the queue was shut down
//	*Connection  Recv would return at once: there is a message, or nothing will come any more, or the handle was closed
type Waitable interface {
	// mayWait tells why it cannot be waited for; nil if it can. With it the wait begins.
	mayWait() (came uint32, err error)
	// ready tells whether it is.
	ready(came uint32) bool
	// watch is the word to sleep on: none if it has no word, not ok if it is ready.
	watch(came uint32) (w park.Watch, ok bool)
	// others tells of what happens to it beside its word; nil: nothing does.
	others() *listeners
	// watched comes after a sleep on its word.
	watched()
}

var (
	_ Waitable = (*Process)(nil)
	_ Waitable = (*Event)(nil)
	_ Waitable = (*Queue[int])(nil)
	_ Waitable = (*Connection[int, int])(nil)
)

// Wait waits until at least one of them is ready, and returns those that are, in the order given: Python's
// multiprocessing.connection.wait. When ctx ends first it returns ctx's error and nothing else; if one is ready the end of ctx
// does not matter.
//
//	for _, r := range ready {
//		switch r {
//		case p: …
//		case results: …
//		}
//	}
//
// It takes nothing, and what was ready may have been taken by another since. Nothing to wait for, a nil one, a connection whose
// handle is closed, or a process that was not started is an error, which names the place.
//
// It costs about 0.1 µs each if one is ready at once, and about 0.3 µs each if it has to sleep; it needs no goroutine and no
// thread for each. A process that dies meanwhile is noticed as everywhere: at once by its parent, else within about 100 ms.
func Wait(ctx context.Context, many ...Waitable) ([]Waitable, error) {
	w := wait{many: many, came: make([]uint32, len(many))}
	if err := w.begin(); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(many)
	if ready := w.ready(); ready != nil {
		return ready, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.listen()
	defer w.unlisten()
	for {
		err := w.sleep(ctx)
		if ready := w.ready(); ready != nil {
			return ready, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// wait is one Wait.
type wait struct {
	many    []Waitable
	came    []uint32
	watches []park.Watch
	signal  chan struct{} // what is watched has changed, perhaps
}

func (w *wait) begin() error {
	if len(w.many) == 0 {
		return errors.New("mp: Wait: nothing to wait for")
	}
	for i, m := range w.many {
		err := errNilWait
		if m != nil {
			w.came[i], err = m.mayWait()
		}
		if err != nil {
			return fmt.Errorf("mp: Wait: number %d (%T): %w", i, m, err)
		}
	}
	return nil
}

func (w *wait) ready() (all []Waitable) {
	for i, m := range w.many {
		if m.ready(w.came[i]) {
			all = append(all, m)
		}
	}
	return all
}

// listen is for what is no word; sleep looks after it.
func (w *wait) listen() {
	w.signal = make(chan struct{}, 1)
	for _, m := range w.many {
		if l := m.others(); l != nil {
			l.add(w.signal)
		}
	}
}

func (w *wait) unlisten() {
	for _, m := range w.many {
		if l := m.others(); l != nil {
			l.remove(w.signal)
		}
	}
}

// sleep returns when one may be ready, or ctx has ended.
func (w *wait) sleep(ctx context.Context) error {
	w.watches = w.watches[:0]
	for i, m := range w.many {
		watch, ok := m.watch(w.came[i])
		if !ok {
			w.handOn(i)
			return nil
		}
		if watch.Word != nil {
			w.watches = append(w.watches, watch)
		}
	}
	a, err := family("Wait")
	if err != nil {
		return err
	}
	v := a.in.Parker().Watch(w.watches, w.signal)
	failpoint.Hit("wait: watching")
	// What is no word has been listened to since before this look.
	if !w.otherReady() {
		select {
		case <-w.signal:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	v.End()
	failpoint.Hit("wait: out of sleep")
	w.handOn(len(w.many))
	return err
}

func (w *wait) otherReady() bool {
	for i, m := range w.many {
		if m.others() != nil && m.ready(w.came[i]) {
			return true
		}
	}
	return false
}

// handOn is for the first n: others may have relied on us to see what came.
func (w *wait) handOn(n int) {
	for _, m := range w.many[:n] {
		m.watched()
	}
}
