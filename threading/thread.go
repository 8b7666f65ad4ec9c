package threading

import (
	"context"
	"errors"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
)

// ErrNotStarted: the thread was not started yet.
var ErrNotStarted = errors.New("threading: thread was not started")

// Thread is a goroutine with a name that can be joined. Set the fields, Start, Join; it is used once and must
// not be copied after Start. A panic in it does not end the program: it comes back from Join.
//
// A goroutine cannot be killed: ctx is how it is told to end. What must be killable is an mp.Process.
type Thread struct {
	Target func(context.Context) error // any function, or a method: Target: counter.Run; required
	Name   string                      // default "Thread-1"

	done chan struct{}
	err  error // before done is closed
}

var started atomic.Int64

// Start starts the thread. It panics if Target is nil or the thread was started before.
func (t *Thread) Start(ctx context.Context) {
	switch {
	case t.Target == nil:
		panic("threading: thread without a Target")
	case t.done != nil:
		panic("threading: a thread is started once: " + t.Name)
	}
	if n := started.Add(1); t.Name == "" {
		t.Name = "Thread-" + strconv.FormatInt(n, 10)
	}
	t.done = make(chan struct{})
	go t.run(ctx)
}

func (t *Thread) run(ctx context.Context) {
	defer close(t.done)
	t.err = errors.New("threading: " + t.Name + " ended its goroutine by runtime.Goexit")
	defer func() {
		if v := recover(); v != nil {
			t.err = &PanicError{Where: t.Name, Value: v, Stack: debug.Stack()}
		}
	}()
	t.err = t.Target(ctx)
}

// Join waits for the end and returns the function's error, or *PanicError. Many may join, and again.
func (t *Thread) Join() error { return t.JoinContext(background) }

// JoinContext is Join until ctx ends, which leaves the thread alone.
func (t *Thread) JoinContext(ctx context.Context) error {
	if t.done == nil {
		return ErrNotStarted
	}
	select {
	case <-t.done:
		return t.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Alive tells whether the thread was started and has not ended.
func (t *Thread) Alive() bool {
	if t.done == nil {
		return false
	}
	select {
	case <-t.done:
		return false
	default:
		return true
	}
}

// Group starts threads and waits for all of them. The zero Group is ready; it must not be copied after its
// first use. Its methods may be called by several goroutines.
type Group struct {
	mu      sync.Mutex
	members []*Thread
}

// Start runs f in a thread of its own and returns it.
func (g *Group) Start(ctx context.Context, f func(context.Context) error) *Thread {
	t := &Thread{Target: f}
	g.StartThread(ctx, t)
	return t
}

// StartThread is Start for a thread with a name.
func (g *Group) StartThread(ctx context.Context, t *Thread) {
	t.Start(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.members = append(g.members, t)
}

// Join waits for all and joins their errors (errors.Join).
func (g *Group) Join() error {
	g.mu.Lock()
	members := g.members[:len(g.members):len(g.members)]
	g.mu.Unlock()
	var errs []error
	for _, t := range members {
		if err := t.Join(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
