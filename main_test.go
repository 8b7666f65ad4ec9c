//go:build linux

package mp_test

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

func TestMain(m *testing.M) {
	makeMistake()
	mp.Init()
	os.Exit(m.Run())
}

// start starts a call in a process of its own that ends with the test.
func start(t *testing.T, target mp.Target) *mp.Process {
	t.Helper()
	return startProcess(t, &mp.Process{Target: target})
}

func startProcess(t *testing.T, p *mp.Process) *mp.Process {
	t.Helper()
	if err := p.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
		_ = p.Join()
	})
	return p
}

// within fails the test if f takes longer than anything may take that must not hang.
func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(d):
		t.Fatalf("%s: not done after %v", what, d)
	}
}

// gate is how a child says that it is where the test wants it: an Add is seen by Wait at once.
type gate struct{ At, Need *mp.Value[int] }

func newGate() gate { return gate{mp.NewValue(0), mp.NewValue(0)} }

func (g gate) pass() { mp.Add(g.At, 1) }

// await is wait without a test.
func (g gate) await(ctx context.Context, n int) {
	for g.At.Load() < n {
		demand(ctx.Err() == nil, "nobody at the gate: %v", ctx.Err())
		runtime.Gosched()
	}
}

// wait waits until n have passed.
func (g gate) wait(t *testing.T, n int) {
	t.Helper()
	within(t, 20*time.Second, "a child at the gate", func() {
		for g.At.Load() < n {
			runtime.Gosched()
		}
	})
}
