//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// dieFull dies with everything in its hands: the lock over a torn pair, the lock of a value, a notification that it has not
// acted on, objects small and large, and at the n-th step of making one more.
var dieFull = mp.Proc3(func(ctx context.Context, s stage, n int, recorded bool) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	s.Pair.Ptr()[0]++
	small, large := mp.NewValue(wide{}), mp.NewRawValue([100 << 10]byte{})
	inside := make(chan struct{})
	go s.Wide.Update(func(w *wide) {
		w[0]++
		close(inside)
		<-ctx.Done()
	})
	<-inside
	owing := mp.NewCondition(nil)
	owing.Lock()
	go owing.Wait() // lets go of the lock, and never has it again
	owing.Lock()
	owing.Notify(1)
	time.Sleep(3 * time.Millisecond) // until it sleeps for the lock: its steps must not be counted
	if s.Gate.Load() == 0 {
		s.Gate.Store(1)
	}
	s.await(2)
	if recorded {
		arm(n)
	} else {
		failpoint.Arm(n, nil)
	}
	more := mp.NewRawValue([1 << 20]byte{})
	return fmt.Errorf("alive with %v %v %v", small.Load(), large.Ptr()[0], more.Ptr()[0])
})

// sweeps is the parent of one that dies full: it sees the end first, and is armed just before.
var sweeps = mp.Proc3(func(ctx context.Context, s stage, firstAt, n int) error {
	p := &mp.Process{Target: dieFull(s, firstAt, false), Name: "first"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	s.await(1)
	arm(n)
	s.Gate.Store(2)
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

// find is the number of the first step with this name, or of a later one.
func (f *family) find(step string, occurrence int) (int, error) {
	for n := 1; ; n++ {
		f.Gate.Store(2)
		p := &mp.Process{Target: dieFull(f.stage, n, true), Name: "scout"}
		if err := p.Start(f.ctx); err != nil {
			return 0, err
		}
		if err := f.join(p); err != nil {
			return 0, fmt.Errorf("no step %q: %w", step, err)
		}
		if err := f.lock(f.ctx); err != nil {
			return 0, err
		}
		f.Lock.Unlock()
		if err := f.readLast(); err != nil {
			return 0, err
		}
		if f.step() == step {
			if occurrence--; occurrence == 0 {
				f.killed = nil
				f.Gate.Store(0)
				return n, os.Remove(os.Getenv(stepVariable))
			}
		}
	}
}

func sweepScenario(step string, occurrence int) scenario {
	at := 0
	return scenario{
		name: fmt.Sprintf("sweep of one dead at %q (%d)", step, occurrence),
		setup: func(f *family) (err error) {
			if at == 0 {
				at, err = f.find(step, occurrence)
			}
			return err
		},
		victim: func(f *family, n int) mp.Target { return sweeps(f.stage, at, n) },
		after: func(f *family) error {
			err := f.lockSoon()
			if died, told := errors.AsType[*mp.OwnerDiedError](err); !told || died.Process != "first" {
				return fmt.Errorf("the lock should tell of the first death, and LockContext says: %v", err)
			}
			return nil
		},
	}
}

func sweepScenarios() []scenario {
	return []scenario{
		sweepScenario("redo: writing", 2),
		sweepScenario("redo: storing", 2),
		sweepScenario("redo: done", 1),
		sweepScenario("heap: run reserved", 1),
		sweepScenario("object: entered", 1),
		strangerScenario(),
	}
}
