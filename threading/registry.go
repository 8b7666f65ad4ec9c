package threading

import (
	"context"
	"slices"
	"sync"
)

// registry knows the threads that run, and the errors that nobody has fetched.
type registry struct {
	mu      sync.Mutex
	running map[*life]*Thread
	failed  map[*life]bool // ended with an error that no Join and no hook has seen
}

var (
	alive      = registry{running: make(map[*life]*Thread), failed: make(map[*life]bool)}
	mainThread = &Thread{Name: "MainThread"}
	mainLife   = mainThread.begin()
	endOfMain  = sync.OnceFunc(func() { alive.leave(mainLife, false); close(mainLife.done) })
)

func (r *registry) enter(t *Thread, l *life) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[l] = t
}

func (r *registry) leave(l *life, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, l)
	if failed {
		r.failed[l] = true
	}
}

// forget is for an error that somebody has.
func (r *registry) forget(l *life) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.failed, l)
}

// awaited finds a thread that Shutdown waits for; nil if there is none.
func (r *registry) awaited() *life {
	r.mu.Lock()
	defer r.mu.Unlock()
	for l := range r.running {
		if !l.daemon {
			return l
		}
	}
	return nil
}

func (r *registry) unfetched() []*life {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*life, 0, len(r.failed))
	for l := range r.failed {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *life) int { return int(a.ident - b.ident) })
	return list
}

// MainThread stands for all of the program that runs in no Thread: the goroutine of main, and others. It is
// alive until Shutdown.
func MainThread() *Thread { return mainThread }

type threadKey struct{}

// Current is the thread that ctx belongs to: the one whose function got it, or got what it was made from. It is
// never nil: other contexts belong to MainThread.
//
// Go does not tell which goroutine asks. So a goroutine that a thread starts with its own ctx counts as that
// thread, and a function that is given another thread's context is taken for it.
func Current(ctx context.Context) *Thread {
	if t, ok := ctx.Value(threadKey{}).(*Thread); ok {
		return t
	}
	return mainThread
}

// ActiveCount is the number of threads that are alive, MainThread and daemons among them.
func ActiveCount() int {
	alive.mu.Lock()
	defer alive.mu.Unlock()
	return len(alive.running)
}

// Enumerate is the threads that are alive, in the order of their starts: MainThread first. The caller owns the slice.
func Enumerate() []*Thread {
	alive.mu.Lock()
	list := make([]*Thread, 0, len(alive.running))
	for _, t := range alive.running {
		list = append(list, t)
	}
	alive.mu.Unlock()
	slices.SortFunc(list, func(a, b *Thread) int { return int(a.Ident() - b.Ident()) })
	return list
}

// Shutdown is what Python does at the end of a program: it ends MainThread, so that whoever joins that goes on,
// waits for all threads that are no daemons, those too that they start meanwhile, and tells the hook of [SetExceptHook]
// of the errors that no Join has returned. When ctx ends it returns ctx's error, and waits no more.
//
// mp.Main calls it when run has returned, and so does each child of mp. A program without mp.Main ends when
// main returns, and its threads with it, unless main calls Shutdown. A thread that calls it would wait for
// itself: ErrJoinsItself.
func Shutdown(ctx context.Context) error {
	if t := Current(ctx); t != mainThread && t.Alive() {
		return ErrJoinsItself
	}
	endOfMain()
	defer func() {
		for _, l := range alive.unfetched() {
			tellUnlessFetched(l)
		}
	}()
	for l := alive.awaited(); l != nil; l = alive.awaited() {
		select {
		case <-l.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
