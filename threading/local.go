package threading

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"
)

// Local is a T for each thread: Python's threading.local. Set New or leave it nil, and call Get; it must not
// be copied after first use.
//
// Go does not tell which goroutine asks, so Get finds the thread in a context, as [Current] does, and a goroutine
// without a thread gets MainThread's value. Goroutines that share a thread's context share its value, and
// what they do to it is theirs to guard; between threads nothing is shared, and no lock is needed. A value is gone when
// its thread ends, or its Local is garbage. A Get costs about 25 ns and the way up the context.
type Local[T any] struct {
	New func() T // makes a thread's value when the thread first asks; nil: the zero T. It must not use the Local

	values sync.Map // *life → *localValue[T]
	used   sync.Once
}

type localValue[T any] struct {
	mu   sync.Mutex // while New runs
	made atomic.Bool
	v    T
}

func (value *localValue[T]) make(New func() T) {
	value.mu.Lock()
	defer value.mu.Unlock()
	if !value.made.Load() && New != nil {
		value.v = New()
	}
	value.made.Store(true)
}

// Get returns the value of ctx's thread, for reading and writing: local.Get(ctx).Name = "x". If New panics the
// next Get calls it again. With a context of a thread that has ended each Get makes a value of its own.
func (l *Local[T]) Get(ctx context.Context) *T {
	life := Current(ctx).life.Load()
	found, ok := l.values.Load(life)
	if !ok {
		found = l.add(life)
	}
	value := found.(*localValue[T])
	if !value.made.Load() {
		value.make(l.New)
	}
	return &value.v
}

// add enters the thread, and tells it to forget its value when it ends. The thread knows the Local weakly: a
// Local that is garbage takes all values with it, also one that leads back to it.
func (l *Local[T]) add(life *life) any {
	me := weak.Make(l)
	l.used.Do(func() { runtime.AddCleanup(l, forgetLocal, any(me)) })
	life.mu.Lock()
	defer life.mu.Unlock()
	if life.locals == nil {
		return new(localValue[T])
	}
	life.locals[me] = func() {
		if l := me.Value(); l != nil {
			l.values.Delete(life)
		}
	}
	found, _ := l.values.LoadOrStore(life, new(localValue[T]))
	return found
}

// forgetLocal is for a Local that is garbage: the threads that have used it need not remember it.
func forgetLocal(local any) {
	alive.mu.Lock()
	defer alive.mu.Unlock()
	for l := range alive.running {
		l.mu.Lock()
		delete(l.locals, local)
		l.mu.Unlock()
	}
}
