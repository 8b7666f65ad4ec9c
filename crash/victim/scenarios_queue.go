//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/queue"
)

var mailAlone = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	return errors.Join(s.Mail.put(ctx, theVictim), s.Mail.round(ctx, theVictim))
})

var mailContended = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	for range 20 {
		if err := s.Mail.round(ctx, theVictim); err != nil {
			return err
		}
	}
	return nil
})

// twice makes a call in two goroutines, armed and past the gate.
func twice(call func(ctx context.Context, s stage) error) func(stage, int) mp.Call[mp.None] {
	return mp.Proc2(func(ctx context.Context, s stage, n int) error {
		arm(n)
		s.Gate.Store(1)
		second := make(chan error)
		go func() { second <- call(ctx, s) }()
		return errors.Join(call(ctx, s), <-second)
	})
}

func getLetter(ctx context.Context, s stage) error {
	_, err := s.Mail.get(ctx, theVictim)
	return err
}

var (
	mailAwaited   = twice(getLetter)
	mailFull      = twice(func(ctx context.Context, s stage) error { return s.Mail.put(ctx, theVictim) })
	mailCancelled = mp.Proc2(giveUp(func(s stage, ctx context.Context) error { return getLetter(ctx, s) }))
	fullCancelled = mp.Proc2(giveUp(func(s stage, ctx context.Context) error { return s.Mail.put(ctx, theVictim) }))
)

// postMan puts and gets beside others that sleep.
var postMan = mp.Proc3(func(ctx context.Context, s stage, n int, get bool) error {
	s.Gate.Store(1)
	s.await(2)
	arm(n)
	if get {
		return errors.Join(getLetter(ctx, s), getLetter(ctx, s))
	}
	return errors.Join(s.Mail.put(ctx, theVictim), s.Mail.put(ctx, theVictim))
})

// shutter ends a queue of its own.
var shutter = mp.Proc3(func(_ context.Context, q *mp.Queue[int], n int, now bool) error {
	arm(n)
	if now {
		q.ShutdownNow()
	} else {
		q.Shutdown()
	}
	failpoint.Hit("crash: shut down")
	return nil
})

var dieMailing = mp.Proc2(func(ctx context.Context, s stage, at int) error {
	failpoint.Arm(at, nil)
	return errors.Join(s.Mail.put(ctx, theVictim), errors.New("alive"))
})

// sweepsMail is the parent of one that dies at a step of a put.
var sweepsMail = mp.Proc3(func(ctx context.Context, s stage, at, n int) error {
	p := &mp.Process{Target: dieMailing(s, at), Name: "first"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	arm(n)
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

// letters of the parent's, n of them.
func post(n int) func(f *family) error {
	return func(f *family) error {
		for range n {
			if err := f.Mail.put(f.ctx, parent); err != nil {
				return err
			}
		}
		return nil
	}
}

// awaited is the letter that a goroutine of this process waits for.
var awaited chan error

func expectLetter(f *family) error {
	done, m, ctx := make(chan error, 1), f.Mail, f.ctx
	awaited = done
	go func() {
		_, err := m.get(ctx, parent)
		done <- err
	}()
	return nil
}

// letterCame must be true after a death: whoever waits has what the victim has put, or what is put now.
func letterCame(f *family) error {
	if f.Mail.Box.Len() == 0 {
		if err := post(1)(f); err != nil {
			return err
		}
	}
	return f.ends(awaited, "the wait for a letter")
}

// closing is the queue that a victim shuts down: full, with somebody of this process waiting for room.
var closing struct {
	q    *mp.Queue[int]
	done chan error
}

func setupClosing(f *family) error {
	q, done, ctx := mp.NewQueue[int](1), make(chan error, 1), f.ctx
	closing.q, closing.done = q, done
	err := q.Put(1)
	go func() { done <- q.PutContext(ctx, 2) }()
	return err
}

// closed must be true after a death: if the queue is shut, whoever waited knows.
func closed(f *family) error {
	q := closing.q
	if err := q.TryPut(3); errors.Is(err, queue.ErrFull) {
		q.Shutdown() // the victim did not come to it
	}
	select {
	case err := <-closing.done:
		if !errors.Is(err, queue.ErrShutDown) {
			return fmt.Errorf("after a death at %q a put ends with %v", f.step(), err)
		}
	case <-time.After(within):
		return fmt.Errorf("after a death at %q a put waits beside a queue that is shut", f.step())
	}
	for n, more := q.Len(), true; more; n-- {
		_, err := q.TryGet()
		if more = err == nil; more != (n > 0) {
			return fmt.Errorf("after a death at %q %d of 1 left, and %v", f.step(), n, err)
		}
	}
	closing.q = nil
	return nil
}

func queueScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	serve := func(step func(f *family) error) func(f *family, v *mp.Process) {
		return func(f *family, v *mp.Process) {
			f.atGate(v)
			_ = step(f) // without it the victim hangs, which is noticed
		}
	}
	empty := func(n int) func(f *family) error {
		return func(f *family) error {
			for range n {
				if _, err := f.Mail.get(f.ctx, parent); err != nil {
					return err
				}
			}
			return nil
		}
	}
	afterEnd := func(step func(f *family) error) func(f *family, v *mp.Process) {
		return func(f *family, v *mp.Process) {
			<-v.Done()
			_ = step(f) // without it the survivors hang, which is noticed
		}
	}
	beside := func(get bool) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return postMan(f.stage, n, get) }
	}
	sleepers := func(f *family, v *mp.Process) {
		f.atGate(v)
		f.Mode.Store(busy)
		time.Sleep(4 * time.Millisecond)
		f.Gate.Store(2)
	}
	all := []scenario{
		{name: "mail alone", victim: on(mailAlone)},
		{name: "mail contended", victim: on(mailContended), busy: true, most: 60},
		{name: "mail waited for", victim: on(mailAwaited), during: serve(post(2))},
		{name: "mail box full", victim: on(mailFull), setup: post(room), during: serve(empty(room))},
		{name: "mail box full for many", victim: on(mailFull), busy: true, setup: post(room), during: serve(empty(room)), most: 40},
		{name: "mail taken from a full box", victim: beside(true), setup: post(room), during: sleepers, after: func(f *family) error {
			return empty(f.Mail.Box.Len() / 2)(f) // the survivors put first
		}},
		{name: "mail put for a waiter", victim: beside(false), setup: expectLetter, during: func(f *family, v *mp.Process) {
			f.atGate(v)
			f.Gate.Store(2)
		}, after: letterCame},
		{name: "mail waited for, cancelled", victim: on(mailCancelled)},
		{name: "mail box full, cancelled", victim: on(fullCancelled), setup: post(room), during: afterEnd(empty(room))},
	}
	for _, now := range []bool{false, true} {
		all = append(all, scenario{
			name: fmt.Sprintf("mail shut down, now %v", now), setup: setupClosing, after: closed,
			victim: func(f *family, n int) mp.Target { return shutter(closing.q, n, now) },
		})
	}
	for at := 1; at <= 2; at++ {
		all = append(all, scenario{
			name:   fmt.Sprintf("sweep of one dead at step %d of a put", at),
			victim: func(f *family, n int) mp.Target { return sweepsMail(f.stage, at, n) },
		})
	}
	return all
}
