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
)

// dieSeated gets the stage by post, as its parent has no handle of it, and dies with a seat and waiting at the barrier.
var dieSeated = mp.Proc2(func(ctx context.Context, parcel *mp.Queue[stage], gate *mp.Value[int32]) error {
	s, err := parcel.GetContext(ctx)
	if err != nil {
		return err
	}
	if err := s.Seats.AcquireContext(ctx); err != nil {
		return err
	}
	go func() { _, _ = s.Meet.WaitContext(ctx) }()
	for s.Meet.Waiting() == 0 {
		time.Sleep(50 * time.Microsecond)
	}
	gate.Store(1)
	s.await(2)
	return errors.Join(syscall.Kill(os.Getpid(), syscall.SIGKILL), ctx.Err())
})

// sweepsStranger is the parent of one that dies seated: it has no handle of the semaphore and of the barrier, and sees the end
// first. It is armed just before.
var sweepsStranger = mp.Proc3(func(ctx context.Context, parcel *mp.Queue[stage], gate *mp.Value[int32], n int) error {
	p := &mp.Process{Target: dieSeated(parcel, gate), Name: "first"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	for gate.Load() != 1 && p.Alive() {
		time.Sleep(50 * time.Microsecond)
	}
	arm(n)
	gate.Store(2)
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

func strangerScenario() scenario {
	return scenario{
		name: "sweep by one without a handle",
		setup: func(f *family) error {
			f.Meet.Reset()
			return f.parcel.PutContext(f.ctx, f.stage)
		},
		victim: func(f *family, n int) mp.Target { return sweepsStranger(f.parcel, f.Gate, n) },
		after: func(f *family) error {
			if err := seatsReturn(f); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(f.ctx, within)
			defer cancel()
			_, err := f.Meet.WaitContext(ctx)
			broken, ok := errors.AsType[*mp.BrokenBarrierError](err)
			if !ok || broken.Reason != mp.BarrierDeath || broken.Party != "first" {
				return fmt.Errorf("after the death of a sweeper at %q the barrier should tell of the first, and says: %w", f.step(), err)
			}
			return f.meetAgain()
		},
	}
}
