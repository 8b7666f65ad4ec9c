package mp

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Group starts processes and waits for all of them. The zero Group is ready; it must not be copied after
// its first use. Its methods may be called by several goroutines.
type Group struct {
	FailFast bool // the first error terminates the others

	mu      sync.Mutex
	members []member
}

// member is a process, or why it could not be started.
type member struct {
	p   *Process
	err error
}

// Start starts c in a process of its own and returns it. A failure to start is the process's error, told by Join.
func (g *Group) Start(ctx context.Context, c Target) *Process {
	p := &Process{Target: c}
	g.StartProcess(ctx, p)
	return p
}

// StartProcess is Start for a process with a name, limits or streams.
func (g *Group) StartProcess(ctx context.Context, p *Process) {
	err := p.Start(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.members = append(g.members, member{p, err})
	if !g.FailFast {
		return
	}
	if err != nil {
		g.terminate()
		return
	}
	go func() {
		if p.Join() != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.terminate()
		}
	}()
}

// terminate ends all members; an ended one is no matter. g.mu is held.
func (g *Group) terminate() {
	for _, m := range g.members {
		if m.err == nil {
			_ = m.p.Terminate()
		}
	}
}

// Join waits for all and joins their errors (errors.Join), each prefixed with its process's name.
func (g *Group) Join() error { return g.JoinContext(context.Background()) }

// JoinContext is Join until ctx ends, which leaves the processes alone.
func (g *Group) JoinContext(ctx context.Context) error {
	g.mu.Lock()
	members := g.members[:len(g.members):len(g.members)]
	g.mu.Unlock()
	var errs []error
	for _, m := range members {
		err := m.err
		if err == nil {
			err = m.p.JoinContext(ctx)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.p.Name, err))
		}
	}
	return errors.Join(errs...)
}
