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
)

// shelfActs are what a victim does that has been armed and has passed the gate.
var shelfActs = map[string]func(ctx context.Context, s shelf) error{
	"read":  func(ctx context.Context, s shelf) error { return s.read(ctx) },
	"write": func(ctx context.Context, s shelf) error { return s.write(ctx) },
	"both": func(ctx context.Context, s shelf) error {
		for range 20 {
			if err := s.round(ctx); err != nil {
				return err
			}
		}
		return nil
	},
	"want to read":  func(ctx context.Context, s shelf) error { return givesUp(ctx, s.RW.RLockContext) },
	"want to write": func(ctx context.Context, s shelf) error { return givesUp(ctx, s.RW.LockContext) },
	"exit reading":  func(ctx context.Context, s shelf) error { return s.RW.RLockContext(ctx) },
	"exit writing":  func(ctx context.Context, s shelf) error { return s.lock(ctx) },
}

func givesUp(ctx context.Context, lock func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
	defer cancel()
	if err := lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a cancelled wait for a lock that is held: %v", err)
	}
	return nil
}

var (
	shelfVictim = mp.Proc3(func(ctx context.Context, s stage, act string, n int) error {
		arm(n)
		s.Gate.Store(1)
		return shelfActs[act](ctx, s.Shelf)
	})

	// shelfUnlock and shelfRUnlock have the shelf, and leave it when others wait.
	shelfUnlock = mp.Proc2(func(ctx context.Context, s stage, n int) error {
		if err := s.Shelf.lock(ctx); err != nil {
			return err
		}
		s.Gate.Store(1)
		s.await(2)
		arm(n)
		s.Shelf.RW.Unlock()
		return nil
	})
	shelfRUnlock = mp.Proc2(func(ctx context.Context, s stage, n int) error {
		if err := s.Shelf.RW.RLockContext(ctx); err != nil {
			return err
		}
		s.Gate.Store(1)
		s.await(2)
		arm(n)
		s.Shelf.RW.RUnlock()
		return nil
	})

	// shelfTorn dies writing, and leaves the pair torn.
	shelfTorn = mp.Proc(func(ctx context.Context, s stage) error {
		if err := s.Shelf.lock(ctx); err != nil {
			return err
		}
		s.Shelf.Pair.Ptr()[0]++
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})
	shelfWait = mp.Proc(func(ctx context.Context, s stage) error { return s.Shelf.read(ctx) })

	// shelfSweeps is the parent of one that dies writing: it sees the end first, and is armed just before.
	shelfSweeps = mp.Proc2(func(ctx context.Context, s stage, n int) error {
		p := &mp.Process{Target: shelfTorn(s), Name: "first"}
		arm(n)
		if err := p.Start(ctx); err != nil {
			return err
		}
		if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
			return fmt.Errorf("joining a killed child: %v", p.Join())
		}
		return nil
	})
)

// shelfHeld are the steps at which a victim is inside as a writer; at all others nothing of it may be left.
var shelfHeld = []string{
	"rwlock: inside", "rwlock: taken over", "rwlock: leaving", "crash: shelf begun", "crash: shelf half done", "crash: shelf done",
	"crash: shelf mending", "crash: shelf half mended",
}

// shelfOwned: after a death inside, writers and readers are told the name of the dead; if there was one before, and
// nobody has taken over, of that; else the lock is free.
func shelfOwned(before string) func(f *family) error {
	return func(f *family) error {
		want := ""
		switch {
		case slices.Contains(shelfHeld, f.step()):
			want = fmt.Sprintf("victim-%d", f.n)
		case slices.Contains(abandoned, f.step()):
			want = before
		}
		ctx, cancel := context.WithTimeout(f.ctx, within)
		defer cancel()
		for _, lock := range []func(*mp.RWLock, context.Context) error{(*mp.RWLock).RLockContext, (*mp.RWLock).LockContext} {
			err := lock(f.Shelf.RW, ctx)
			died, told := errors.AsType[*mp.OwnerDiedError](err)
			if want == "" && err != nil || want != "" && (!told || died.Process != want) {
				return fmt.Errorf("after a death at %q the lock should tell of %q, and says: %v", f.step(), want, err)
			}
			if err == nil && f.Shelf.RW.TryRLock() { // it was the reader
				f.Shelf.RW.RUnlock()
				f.Shelf.RW.RUnlock()
			} else if err == nil {
				f.Shelf.RW.Unlock()
			}
		}
		return nil
	}
}

// awaitAsleep waits until a process of this name sleeps on the shelf.
func (f *family) awaitAsleep(name string) error {
	for f.ctx.Err() == nil && !f.asleep(name) {
		time.Sleep(50 * time.Microsecond)
	}
	return f.ctx.Err()
}

// stoppedReader has a process wait for the shelf as a reader, and stops it there.
func (f *family) stoppedReader() (*mp.Process, error) {
	p := &mp.Process{Target: shelfWait(f.stage), Name: "stopped"}
	err := p.Start(f.ctx)
	if err == nil {
		err = f.awaitAsleep(p.Name)
	}
	if err == nil {
		err = p.Signal(syscall.SIGSTOP)
	}
	return p, err
}

func actOnShelf(what string) func(f *family, n int) mp.Target {
	return func(f *family, n int) mp.Target { return shelfVictim(f.stage, what, n) }
}

func holdShelf(f *family) error  { return f.Shelf.RW.LockContext(f.ctx) }
func rholdShelf(f *family) error { return f.Shelf.RW.RLockContext(f.ctx) }

func releaseShelf(f *family, v *mp.Process) {
	f.atGate(v)
	f.Shelf.RW.Unlock()
}

func rreleaseShelf(f *family, v *mp.Process) {
	f.atGate(v)
	f.Shelf.RW.RUnlock()
}

// letLeave has the victim leave when both survivors wait for it.
func letLeave(f *family, v *mp.Process) {
	f.atGate(v)
	f.Mode.Store(busy)
	time.Sleep(4 * time.Millisecond)
	f.Gate.Store(2)
}

func rwLockScenarios() []scenario {
	return slices.Concat(shelfWaits(), shelfLeaves(), []scenario{
		{name: "rwlock read alone", victim: actOnShelf("read"), after: shelfOwned("")},
		{name: "rwlock written alone", victim: actOnShelf("write"), after: shelfOwned("")},
		{name: "rwlock contended", victim: actOnShelf("both"), busy: true, most: 80},
		{name: "rwlock recovered", victim: actOnShelf("write"), setup: func(f *family) error {
			first := &mp.Process{Target: shelfTorn(f.stage), Name: "first"}
			if err := first.Start(f.ctx); err != nil {
				return err
			}
			return f.join(first)
		}, after: shelfOwned("first")},
		{name: "sweep of one dead writing", victim: func(f *family, n int) mp.Target { return shelfSweeps(f.stage, n) }},
	})
}

func shelfWaits() []scenario {
	var stopped *mp.Process
	return []scenario{
		{name: "rwlock waited for by a reader", victim: actOnShelf("read"), setup: holdShelf, during: releaseShelf, after: shelfOwned("")},
		{name: "rwlock waited for by a writer", victim: actOnShelf("write"), setup: holdShelf, during: releaseShelf, after: shelfOwned("")},
		{name: "rwlock drained", victim: actOnShelf("write"), setup: rholdShelf, during: rreleaseShelf, after: shelfOwned("")},
		{name: "rwlock drained by many", victim: actOnShelf("write"), busy: true, setup: rholdShelf, during: rreleaseShelf, most: 20},
		{name: "rwlock reader cancelled", victim: actOnShelf("want to read"), setup: holdShelf, during: func(f *family, v *mp.Process) {
			<-v.Done()
			f.Shelf.RW.Unlock()
		}, after: shelfOwned("")},
		{name: "rwlock writer cancelled", victim: actOnShelf("want to write"), setup: rholdShelf, during: func(f *family, v *mp.Process) {
			<-v.Done()
			f.Shelf.RW.RUnlock()
		}, after: shelfOwned("")},
		{name: "rwlock with a stopped reader", victim: actOnShelf("write"), setup: func(f *family) (err error) {
			if err = holdShelf(f); err == nil {
				stopped, err = f.stoppedReader()
			}
			return err
		}, during: func(f *family, v *mp.Process) {
			releaseShelf(f, v)
			<-v.Done()
			_ = stopped.Kill()
			_ = stopped.Join()
		}, after: shelfOwned("")},
	}
}

func shelfLeaves() []scenario {
	return []scenario{
		{name: "rwlock unlocked with waiters", victim: func(f *family, n int) mp.Target { return shelfUnlock(f.stage, n) }, during: letLeave},
		{name: "rwlock runlocked with waiters", victim: func(f *family, n int) mp.Target { return shelfRUnlock(f.stage, n) }, during: letLeave},
		{name: "exit reading", victim: actOnShelf("exit reading"), after: shelfOwned("")},
		{name: "exit writing", victim: actOnShelf("exit writing"), after: func(f *family) error {
			ctx, cancel := context.WithTimeout(f.ctx, within)
			defer cancel()
			err := f.Shelf.RW.RLockContext(ctx)
			if slices.Contains([]string{"rwlock: word taken", "rwlock: shut", "rwlock: drained"}, f.step()) && err == nil { // before it was inside
				f.Shelf.RW.RUnlock()
				return nil
			}
			if _, told := errors.AsType[*mp.OwnerDiedError](err); !told {
				return fmt.Errorf("the lock of a process that has exited with it: %v", err)
			}
			return nil
		}},
	}
}
