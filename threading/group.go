package threading

import (
	"context"
	"errors"
	"sync"
)

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
func (g *Group) Join() error { return g.JoinContext(background) }

// JoinContext is Join until ctx ends, which leaves the threads alone; ctx's error stands for each that had not ended.
func (g *Group) JoinContext(ctx context.Context) error {
	g.mu.Lock()
	members := g.members[:len(g.members):len(g.members)]
	g.mu.Unlock()
	var errs []error
	for _, t := range members {
		if err := t.JoinContext(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
