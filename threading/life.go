package threading

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// life is what a Thread has from Start on. It does not know its Thread: one that is garbage while its error was
// not fetched must be collected, so that somebody is told.
type life struct {
	name   string
	ident  int64
	daemon bool
	done   chan struct{} // closed at the end, when nothing of the thread is left to see
	err    error         // written before done is closed

	fetched atomic.Bool     // err went to a Join or to the hook: it goes to the hook once, and never after a Join
	garbage runtime.Cleanup // tells the hook; written before done is closed

	mu     sync.Mutex
	locals map[any]func() // what forgets this thread's value, by the Local's weak pointer; nil after the end
}

var idents, names atomic.Int64

func newLife(name string, daemon bool) *life {
	return &life{name: name, ident: idents.Add(1), daemon: daemon, done: make(chan struct{}), locals: map[any]func(){}}
}

func (l *life) ended() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// end is the thread's last act. Whoever has seen done closed finds it in no list, and its locals gone.
func (l *life) end(ctx context.Context, t *Thread) {
	l.mu.Lock()
	locals := l.locals
	l.locals = nil
	l.mu.Unlock()
	for _, forget := range locals {
		forget()
	}
	failed := l.err != nil && !obeyed(ctx, l.err)
	if failed && !l.daemon {
		// Not before: a thread that is started and forgotten is reachable from its goroutine until here.
		l.garbage = runtime.AddCleanup(t, tellUnlessFetched, l)
	}
	alive.leave(l, failed && !l.daemon)
	if failed && l.daemon {
		tellUnlessFetched(l)
	}
	close(l.done)
}

// obeyed tells an error that is only the end of the context: the thread did as it was told.
func obeyed(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)))
}

// fetch notes that a Join has the error.
func (l *life) fetch() {
	if l.err != nil && l.fetched.CompareAndSwap(false, true) {
		l.garbage.Stop() // else an error that leads to the Thread would keep both
		alive.forget(l)
	}
}

// tellUnlessFetched tells the hook once.
func tellUnlessFetched(l *life) {
	if l.fetched.CompareAndSwap(false, true) {
		alive.forget(l)
		tell(ExceptHookArgs{Name: l.name, Ident: l.ident, Err: l.err})
	}
}
