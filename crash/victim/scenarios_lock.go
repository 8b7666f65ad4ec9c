//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
)

var lockAlone = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	return s.pairRound(ctx)
})

var lockContended = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	for range 20 {
		if err := s.pairRound(ctx); err != nil {
			return err
		}
	}
	return nil
})

// lockWaiting comes while the parent holds the lock.
var lockWaiting = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	s.Gate.Store(1)
	return s.pairRound(ctx)
})

// unlockWaited has the lock, and leaves it when somebody waits.
var unlockWaited = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	s.Gate.Store(1)
	s.await(2)
	arm(n)
	err := s.section()
	s.Lock.Unlock()
	return err
})

var lockCancelled = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
	defer cancel()
	arm(n)
	s.Gate.Store(1)
	if err := s.Lock.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a cancelled wait for a lock that is held: %v", err)
	}
	return nil
})

// dieHolding leaves the pair torn.
var dieHolding = mp.Proc(func(ctx context.Context, s stage) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	s.Pair.Ptr()[0]++
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
})

var recovers = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	return s.pairRound(ctx)
})

var exitHolding = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	return s.lock(ctx)
})

// await waits until the gate says n.
func (s stage) await(n int32) {
	for s.Gate.Load() < n {
		time.Sleep(50 * time.Microsecond)
	}
}

// atGate waits until the victim is at the gate, and then until it sleeps, if it is to; or until it is dead.
func (f *family) atGate(v *mp.Process) {
	for f.Gate.Load() == 0 && v.Alive() {
		time.Sleep(50 * time.Microsecond)
	}
	for begin := time.Now(); time.Since(begin) < 50*time.Millisecond && v.Alive() && !f.asleep(v.Name); {
		time.Sleep(50 * time.Microsecond)
	}
}

// asleep tells whether a process sleeps on a word of the arena.
func (f *family) asleep(name string) bool {
	s, err := f.look.Snapshot()
	return err == nil && slices.ContainsFunc(s.Processes, func(p inspect.Process) bool { return p.Name == name && len(p.Waits) > 0 })
}

// owned is what must be true of the lock after a death in it: the next one is told the name of the dead.
func owned(name string) func(f *family) error {
	return func(f *family) error {
		err := f.lockSoon()
		if err == nil {
			f.Lock.Unlock()
		}
		died, told := errors.AsType[*mp.OwnerDiedError](err)
		want := ""
		switch step := f.step(); {
		case slices.Contains(holding, step):
			want = fmt.Sprintf("victim-%d", f.n)
		case name != "" && slices.Contains(abandoned, step):
			want = name
		}
		switch {
		case want == "" && err != nil:
			return fmt.Errorf("after a death at %q the lock should be free, and LockContext says: %w", f.step(), err)
		case want != "" && (!told || died.Process != want):
			return fmt.Errorf("after a death at %q the lock should tell of %s, and LockContext says: %v", f.step(), want, err)
		}
		return nil
	}
}

// step is where the victim died, "" if it lives.
func (f *family) step() string {
	if f.killed == nil {
		return ""
	}
	return f.killed.Step
}

var (
	// Killed at these a victim of the scenarios here has the lock.
	holding = []string{
		"lock: taken", "lock: taken over", "crash: section begun", "crash: section half done", "crash: section done", "crash: mending",
		"crash: half mended", "crash: mended", "lock: freeing",
		"condition: joining", "condition: joined", "condition: locked again", "condition: granting", "condition: granted",
	}
	// Killed at these it has not, and somebody else may have left it abandoned.
	abandoned = []string{"lock: giving up", "lock: free"}
)

func lockScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	hold := func(f *family) error { return f.Lock.LockContext(f.ctx) }
	release := func(f *family, v *mp.Process) {
		f.atGate(v)
		f.Lock.Unlock()
	}
	return []scenario{
		{name: "lock alone", victim: on(lockAlone), after: owned("")},
		{name: "lock contended", victim: on(lockContended), busy: true, most: 60},
		{name: "lock waited for", victim: on(lockWaiting), setup: hold, during: release, after: owned("")},
		{name: "lock waited for by many", victim: on(lockWaiting), busy: true, setup: hold, during: release, most: 20},
		{name: "unlock with a waiter", victim: on(unlockWaited), during: func(f *family, v *mp.Process) {
			f.atGate(v)
			f.Mode.Store(busy) // both survivors wait for the victim
			time.Sleep(4 * time.Millisecond)
			f.Gate.Store(2)
		}},
		{name: "lock cancelled", victim: on(lockCancelled), setup: hold, during: func(f *family, v *mp.Process) {
			<-v.Done()
			f.Lock.Unlock()
		}, after: owned("")},
		{name: "lock recovered", victim: on(recovers), setup: func(f *family) error {
			first := &mp.Process{Target: dieHolding(f.stage), Name: "first"}
			if err := first.Start(f.ctx); err != nil {
				return err
			}
			return f.join(first)
		}, after: owned("first")},
		{name: "exit with the lock", victim: on(exitHolding), after: func(f *family) error {
			err := f.lockSoon()
			if _, told := errors.AsType[*mp.OwnerDiedError](err); !told {
				return fmt.Errorf("the lock of a process that has exited with it: %v", err)
			}
			return nil
		}},
	}
}
