//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/queue"
)

var jobAlone = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	return errors.Join(s.Jobs.put(ctx, theVictim), s.Jobs.round(ctx, theVictim), s.Jobs.do(ctx, theVictim))
})

var jobContended = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	for range 20 {
		if err := s.Jobs.round(ctx, theVictim); err != nil {
			return err
		}
	}
	return nil
})

func putJob(ctx context.Context, s stage) error { return s.Jobs.put(ctx, theVictim) }
func doJob(ctx context.Context, s stage) error  { return s.Jobs.do(ctx, theVictim) }

var (
	jobAwaited    = twice(doJob)
	jobsFull      = twice(putJob)
	jobCancelled  = mp.Proc2(giveUp(func(s stage, ctx context.Context) error { return doJob(ctx, s) }))
	jobsCancelled = mp.Proc2(giveUp(func(s stage, ctx context.Context) error { return putJob(ctx, s) }))
)

// jobsInHand gets all but one, puts one back, does one, and gets the other again.
var jobsInHand = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	var all []mp.Message[letter]
	for range room - 1 {
		m, err := s.Jobs.get(ctx)
		if err != nil {
			return err
		}
		all = append(all, m)
	}
	all[0].PutBack()
	failpoint.Hit("crash: job put back")
	s.Jobs.end(all[1], theVictim)
	return s.Jobs.do(ctx, theVictim)
})

// ender does the one job that a join of the parent waits for.
var ender = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	s.Gate.Store(1)
	s.await(2)
	arm(n)
	return doJob(ctx, s)
})

// jobShutter ends a queue of its own.
var jobShutter = mp.Proc3(func(_ context.Context, q *mp.JoinableQueue[int], n int, now bool) error {
	arm(n)
	if now {
		q.ShutdownNow()
	} else {
		q.Shutdown()
	}
	failpoint.Hit("crash: shut down")
	return nil
})

// dieWorking dies at a step with all jobs in hand.
var dieWorking = mp.Proc2(func(ctx context.Context, s stage, at int) error {
	var all []mp.Message[letter]
	for range room {
		m, err := s.Jobs.get(ctx)
		if err != nil {
			return err
		}
		all = append(all, m)
	}
	failpoint.Arm(at, nil)
	s.Jobs.end(all[1], theVictim)
	return errors.New("alive")
})

// sweepsJobs is the parent of one that dies with jobs in hand.
var sweepsJobs = mp.Proc3(func(ctx context.Context, s stage, at, n int) error {
	p := &mp.Process{Target: dieWorking(s, at), Name: "first"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	arm(n)
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

// useJobs makes a queue, does a job that takes whole pages, leaves another there, and lets go of the queue.
var useJobs = mp.Proc(func(_ context.Context, n int) error {
	q := mp.NewJoinableQueue[[]byte](0)
	arm(n)
	for range 2 {
		if err := q.Put(make([]byte, 40<<10)); err != nil {
			return err
		}
	}
	m, err := q.Get()
	if err != nil {
		return err
	}
	m.TaskDone()
	return errors.Join(q.Put(nil), use(q))
})

// hire puts n jobs of the parent's.
func hire(n int) func(f *family) error {
	return func(f *family) error {
		for range n {
			if err := f.Jobs.put(f.ctx, parent); err != nil {
				return err
			}
		}
		return nil
	}
}

func doJobs(n int) func(f *family) error {
	return func(f *family) error {
		for range n {
			if err := f.Jobs.do(f.ctx, parent); err != nil {
				return err
			}
		}
		return nil
	}
}

// joined is the join that a goroutine of this process waits in.
var joined chan error

func expectEnd(f *family) error {
	done, box, ctx := make(chan error, 1), f.Jobs.Box, f.ctx
	joined = done
	err := hire(1)(f)
	go func() { done <- box.JoinContext(ctx) }()
	return err
}

// endCame must be true after a death: what is not done comes again, and with it comes the end.
func endCame(f *family) error {
	return f.working(func() error { return f.ends(joined, "the wait for the end of the work") })
}

// allBack waits until the sweep has given back what was in hand, and does all, in its order.
func allBack(f *family) error {
	for deadline := time.Now().Add(within); ; {
		s, err := f.look.Snapshot()
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(s.Objects, func(o inspect.Object) bool { return o.Name == "jobs" }); len(s.Objects[i].Tasks.InHand) == 0 {
			return f.Jobs.check(f.ctx)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after a death at %q the jobs of the dead are in its hand", f.step())
		}
	}
}

// working waits for something while a goroutine does whatever comes.
func (f *family) working(wait func() error) error {
	ctx, cancel := context.WithCancel(f.ctx)
	over := make(chan error, 1)
	go func() {
		for {
			if err := f.Jobs.do(ctx, parent); err != nil {
				over <- err
				return
			}
		}
	}()
	err := wait()
	cancel()
	if ended := <-over; !errors.Is(ended, context.Canceled) {
		err = errors.Join(err, ended)
	}
	return err
}

// ending is the queue that a victim shuts down: full, with somebody of this process waiting for room, and one for the end.
var ending struct {
	q            *mp.JoinableQueue[int]
	done, joined chan error
}

func setupEnding(f *family) error {
	q, done, joined, ctx := mp.NewJoinableQueue[int](1), make(chan error, 1), make(chan error, 1), f.ctx
	ending.q, ending.done, ending.joined = q, done, joined
	err := q.Put(1)
	go func() { done <- q.PutContext(ctx, 2) }()
	go func() { joined <- q.JoinContext(ctx) }()
	return err
}

// ended must be true after a death: if the queue is shut, whoever waits knows.
func hasEnded(f *family) error {
	q := ending.q
	if err := q.TryPut(3); errors.Is(err, queue.ErrFull) {
		q.Shutdown() // the victim did not come to it
	}
	if err := f.ends(ending.done, "a put"); !errors.Is(err, queue.ErrShutDown) {
		return fmt.Errorf("after a death at %q a put ends with %v", f.step(), err)
	}
	for {
		m, err := q.Get()
		if errors.Is(err, queue.ErrShutDown) {
			break
		}
		if err != nil {
			return err
		}
		m.TaskDone()
	}
	err := f.ends(ending.joined, "a join")
	ending.q = nil
	return err
}

func taskScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	serve := func(step func(f *family) error) func(f *family, v *mp.Process) {
		return func(f *family, v *mp.Process) {
			f.atGate(v)
			_ = step(f) // without it the victim hangs, which is noticed
		}
	}
	open := func(f *family, v *mp.Process) {
		for f.Gate.Load() == 0 && v.Alive() {
			time.Sleep(50 * time.Microsecond)
		}
		f.Gate.Store(2)
	}
	all := []scenario{
		{name: "job alone", victim: on(jobAlone)},
		{name: "job contended", victim: on(jobContended), busy: true, most: 40},
		{name: "job waited for", victim: on(jobAwaited), during: serve(hire(2)), most: 50},
		{name: "jobs full", victim: on(jobsFull), setup: hire(room), during: serve(doJobs(room)), most: 50},
		{name: "jobs in hand", victim: on(jobsInHand), setup: hire(room), after: allBack},
		{name: "job joined", victim: on(ender), setup: expectEnd, during: open, after: endCame},
		{name: "job waited for, cancelled", victim: on(jobCancelled)},
		{name: "jobs full, cancelled", victim: on(jobsCancelled), setup: hire(room), during: func(f *family, v *mp.Process) {
			<-v.Done()
			_ = doJobs(room)(f)
		}},
	}
	all = append(all, scenario{name: "jobs made and dropped", victim: func(_ *family, n int) mp.Target { return useJobs(n) }})
	for _, now := range []bool{false, true} {
		all = append(all, scenario{
			name: fmt.Sprintf("jobs shut down, now %v", now), setup: setupEnding, after: hasEnded,
			victim: func(f *family, n int) mp.Target { return jobShutter(ending.q, n, now) },
		})
	}
	for _, at := range []int{1, 20} {
		all = append(all, scenario{
			name: fmt.Sprintf("sweep of one dead at step %d of a TaskDone", at), setup: hire(room), after: allBack,
			victim: func(f *family, n int) mp.Target { return sweepsJobs(f.stage, at, n) },
		})
	}
	return all
}
