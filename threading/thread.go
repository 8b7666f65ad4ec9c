package threading

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

var (
	// ErrNotStarted: the thread was not started yet.
	ErrNotStarted = errors.New("threading: thread was not started")
	// ErrJoinsItself: a thread would wait for its own end.
	ErrJoinsItself = errors.New("threading: a thread cannot join itself")
)

// Thread is a goroutine with a name that can be joined. Set the fields, Start, Join; it is used once and must
// not be copied. Its methods may be called by several goroutines, at any time; the fields are read by Start.
// What the function did synchronizes before the return of a Join.
//
// A panic in it does not end the program: Join returns it, as it returns the function's error. An error that no
// Join returns is told to the hook of [SetExceptHook]: a daemon's at its end, as nobody waits for a daemon, and
// another's when its Thread is garbage, or by [Shutdown].
//
// A goroutine cannot be killed: ctx is how it is told to end. What must be killable is an mp.Process.
type Thread struct {
	Target func(context.Context) error // any function, or a method: Target: counter.Run; required
	Name   string                      // default "Thread-1"
	Daemon bool                        // not awaited by Shutdown, and so not by mp.Main; default false, whoever starts it

	life atomic.Pointer[life] // nil before Start
}

// Start starts the thread. Its function gets ctx, in which [Current] finds the thread; ctx's end is for the
// function to see. It panics if Target is nil or the thread was started before.
func (t *Thread) Start(ctx context.Context) {
	if t.Target == nil {
		panic("threading: thread without a Target")
	}
	go t.run(context.WithValue(ctx, threadKey{}, t), t.begin())
}

// begin makes the thread alive.
func (t *Thread) begin() *life {
	name := t.Name
	if name == "" {
		name = fmt.Sprintf("Thread-%d", names.Add(1))
	}
	l := newLife(name, t.Daemon)
	if !t.life.CompareAndSwap(nil, l) {
		panic("threading: a thread is started once: " + name)
	}
	t.Name = name
	alive.enter(t, l)
	return l
}

// run is the goroutine. The deferred calls cover a runtime.Goexit in the function too.
func (t *Thread) run(ctx context.Context, l *life) {
	defer l.end(ctx, t)
	l.err = errors.New("threading: " + l.name + " ended its goroutine by runtime.Goexit")
	defer func() {
		if v := recover(); v != nil {
			l.err = &PanicError{Where: l.name, Value: v, Stack: debug.Stack()}
		}
	}()
	l.err = t.Target(ctx)
}

// Join waits for the end and returns the function's error, or *PanicError. Many may join, and again.
func (t *Thread) Join() error { return t.JoinContext(background) }

// JoinContext is Join until ctx ends, which leaves the thread alone. A context that is the thread's own, or
// comes from it, would wait for itself: ErrJoinsItself.
func (t *Thread) JoinContext(ctx context.Context) error {
	l := t.life.Load()
	if l == nil {
		return ErrNotStarted
	}
	if !l.ended() {
		if Current(ctx) == t && l != mainLife {
			return ErrJoinsItself
		}
		select {
		case <-l.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.fetch()
	runtime.KeepAlive(t) // until here it is no garbage, of which the hook would be told
	return l.err
}

// Alive tells whether the thread was started and has not ended.
func (t *Thread) Alive() bool {
	l := t.life.Load()
	return l != nil && !l.ended()
}

// Ident is a number that no other thread of this process has or had; 0 before Start, 1 for the main thread.
// No goroutine can be found by it, and the system knows nothing of it.
func (t *Thread) Ident() int64 {
	if l := t.life.Load(); l != nil {
		return l.ident
	}
	return 0
}

// String is Python's form: Thread(Thread-1, started daemon 5).
func (t *Thread) String() string {
	l := t.life.Load()
	if l == nil {
		return fmt.Sprintf("Thread(%s, initial)", t.Name)
	}
	state, daemon := "started", ""
	if l.ended() {
		state = "stopped"
	}
	if l.daemon {
		daemon = " daemon"
	}
	return fmt.Sprintf("Thread(%s, %s%s %d)", l.name, state, daemon, l.ident)
}
