package conform

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/multiproc/mp/internal/prim"
)

func barrierActions(t *testing.T, at Barriers) {
	for _, c := range []struct {
		name string // and CPython's name for it, test/lock_tests.py
		test func(t *testing.T, at Barriers)
	}{
		{"action", barrierAction},                                    // test_action
		{"an action that panics breaks", barrierActionPanics},        // ours
		{"an action that never returns breaks", barrierActionGoexit}, // ours
		{"newcomers wait for the end of the action", barrierDuring},  // ours
		{"a turn that is broken in its action", barrierActionAbort},  // ours
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, at) })
	}
}

func barrierAction(t *testing.T, at Barriers) {
	runs := 0 // the race detector says if two run it at a time, or somebody goes on before it has ended
	b := at.New(t, barrierParties, func() { runs++ })
	together(barrierParties, func(int) {
		for round := range 10 {
			mustWait(t, b)
			if runs != 2*round+1 {
				t.Errorf("round %d: the action ran %d times", round, runs)
			}
			mustWait(t, b) // so that nobody runs it again before all have looked
		}
	})
}

func barrierActionPanics(t *testing.T, at Barriers) {
	b := at.New(t, 2, func() { panic("the action") })
	first := make(chan error)
	go func() { _, err := b.Wait(); first <- err }()
	waiting(t, b, 1)
	func() {
		defer func() {
			if recover() != "the action" {
				t.Error("the panic of the action was swallowed")
			}
		}()
		_, _ = b.Wait()
	}()
	at.brokenBy(t, <-first, prim.ActionFailed)
	_, err := b.Wait()
	at.brokenBy(t, err, prim.ActionFailed)
}

func barrierActionGoexit(t *testing.T, at Barriers) {
	b := at.New(t, 1, runtime.Goexit)
	var one sync.WaitGroup
	one.Go(func() { _, _ = b.Wait() })
	one.Wait()
	_, err := b.Wait()
	at.brokenBy(t, err, prim.ActionFailed)
}

func barrierDuring(t *testing.T, at Barriers) {
	acting, goOn := make(chan struct{}), make(chan struct{})
	var runs atomic.Int32
	b := at.New(t, 2, func() {
		if runs.Add(1) == 1 {
			close(acting)
			<-goOn
		}
	})
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { mustWait(t, b) })
	}
	<-acting
	join := sleepers(2, func(ctx context.Context, _ int) {
		if _, err := b.WaitContext(ctx); err != nil {
			t.Error(err)
		}
	})
	if n := runs.Load(); n != 1 {
		t.Errorf("%d actions at a time", n)
	}
	close(goOn)
	all.Wait()
	join()
	if n := runs.Load(); n != 2 {
		t.Errorf("%d actions, expected 2", n)
	}
}

func barrierActionAbort(t *testing.T, at Barriers) {
	for _, c := range []struct {
		name   string
		breaks func(Barrierer)
		reason uint32
	}{{"abort", Barrierer.Abort, prim.Aborted}, {"reset", Barrierer.Reset, prim.WasReset}} {
		t.Run(c.name, func(t *testing.T) {
			var b Barrierer
			b = at.New(t, 2, func() { c.breaks(b) })
			together(2, func(int) {
				_, err := b.Wait()
				at.brokenBy(t, err, c.reason)
			})
		})
	}
}
