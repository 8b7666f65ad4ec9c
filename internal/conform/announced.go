package conform

import (
	"context"
	"sync"
)

// announced is a context that tells when somebody begins to sleep under it: a wait asks for Done when it has
// looked for the last time, or is entered where a wake-up will find it.
type announced struct {
	context.Context
	tell func()
}

// announce gives a context for one wait, which calls told once.
func announce(ctx context.Context, told func()) context.Context {
	return &announced{ctx, sync.OnceFunc(told)}
}

// Done is context.Context's.
func (a *announced) Done() <-chan struct{} {
	a.tell()
	return a.Context.Done()
}

// sleepers runs f in n goroutines and returns once all of them sleep under the context that they were given. join
// waits for their end.
func sleepers(n int, f func(ctx context.Context, i int)) (join func()) {
	var asleep, ended sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	asleep.Add(n)
	for i := range n {
		ended.Go(func() { f(announce(ctx, asleep.Done), i) })
	}
	asleep.Wait()
	return func() { ended.Wait(); cancel() }
}
