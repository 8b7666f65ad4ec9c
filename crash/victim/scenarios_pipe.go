//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

type wire = mp.Connection[letter, letter]

// line is the pipe of a scenario: this process has one end, and the victim gets the other.
var line struct {
	mine, theirs *wire
	done         chan error // what has become of who listens here
}

func numbered(n int64) letter {
	return letter{From: theVictim, Number: n, Body: bytes.Repeat([]byte{byte(n)}, int(n*97%1500))}
}

// connect makes the pipe, and has this process listen: it sends back what comes, or only takes it.
func connect(answer bool) func(f *family) error {
	return func(f *family) error {
		mine, theirs := mp.NewPipe[letter, letter](mp.RingBytes(1<<13), mp.Name("line"))
		done := make(chan error, 1)
		line.mine, line.theirs, line.done = mine, theirs, done
		go func() { done <- listen(mine, answer) }()
		return nil
	}
}

// listen ends without an error when the other side is gone. Letters must be whole, and come as they were numbered.
func listen(c *wire, answer bool) error {
	for n := int64(1); ; n++ {
		l, err := c.Recv()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case l.Number != n:
			return fmt.Errorf("letter %d is number %d", n, l.Number)
		}
		if err := l.check(); err != nil {
			return err
		}
		if !answer {
			continue
		}
		if err := c.Send(l); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return err
		}
	}
}

// hungUp must be true after a death: who listens knows it, and whoever sends is told.
func hungUp(f *family) error {
	if err := f.ends(line.done, "the one who listens"); err != nil {
		return err
	}
	err := line.mine.TrySend(numbered(1))
	line.mine, line.theirs, line.done = nil, nil, nil
	if !errors.Is(err, io.ErrClosedPipe) {
		return fmt.Errorf("after a death at %q sending to nobody gives %v", f.step(), err)
	}
	return nil
}

var lineAlone = mp.Proc2(func(ctx context.Context, c *wire, n int) error {
	arm(n)
	for i := range int64(2) {
		if err := c.SendContext(ctx, numbered(i+1)); err != nil {
			return err
		}
		failpoint.Hit("crash: said")
		l, err := c.RecvContext(ctx)
		if err = errors.Join(err, l.check()); err != nil || l.Number != i+1 {
			return fmt.Errorf("heard %d: %w", l.Number, err)
		}
	}
	return c.Close()
})

// lineFull says more than there is room for.
var lineFull = mp.Proc3(func(ctx context.Context, s stage, n int, c *wire) error {
	for i := range int64(20) {
		if i == 10 {
			arm(n)
			s.Gate.Store(1)
		}
		if err := c.SendContext(ctx, numbered(i+1)); err != nil {
			return err
		}
	}
	return nil
})

// lineAwaited has two goroutines wait for a letter each.
var lineAwaited = mp.Proc3(func(ctx context.Context, s stage, n int, c *wire) error {
	arm(n)
	s.Gate.Store(1)
	second := make(chan error)
	hear := func() error { _, err := c.RecvContext(ctx); return err }
	go func() { second <- hear() }()
	return errors.Join(c.PollContext(ctx), hear(), <-second)
})

// lineClosed closes its handle while another goroutine waits by it.
var lineClosed = mp.Proc3(func(ctx context.Context, s stage, n int, c *wire) error {
	done := make(chan error)
	go func() { _, err := c.RecvContext(ctx); done <- err }()
	s.Gate.Store(1)
	s.await(2)
	arm(n)
	if err := errors.Join(c.Close(), ctx.Err()); err != nil {
		return err
	}
	if err := <-done; !errors.Is(err, mp.ErrClosed) {
		return fmt.Errorf("a wait by a handle that was closed: %w", err)
	}
	return nil
})

var lineCancelled = mp.Proc3(func(ctx context.Context, s stage, n int, c *wire) error {
	for _, wait := range []func(ctx context.Context) error{
		func(ctx context.Context) error { _, err := c.RecvContext(ctx); return err },
		func(ctx context.Context) error { _, err := mp.Wait(ctx, s.Event, c); return err },
	} {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
		arm(n)
		if err := wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			cancel()
			return fmt.Errorf("a cancelled wait for a letter that does not come: %w", err)
		}
		cancel()
	}
	return nil
})

// lineWaits waits for one of several things.
var lineWaits = mp.Proc3(func(ctx context.Context, s stage, n int, c *wire) error {
	arm(n)
	s.Gate.Store(1)
	ready, err := mp.Wait(ctx, s.Event, c, s.Mail.Box)
	if err == nil && (len(ready) != 1 || ready[0] != mp.Waitable(c)) {
		err = fmt.Errorf("ready are %v", ready)
	}
	return errors.Join(err, ctx.Err())
})

// mailWatched waits for a letter in the box that others wait for too, and leaves it there.
var mailWatched = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	s.Gate.Store(1)
	arm(n)
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if _, err := mp.Wait(ctx, s.Event, s.Mail.Box); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
})

// sayOne is the child of a child.
var sayOne = mp.Proc(func(_ context.Context, c *wire) error { return c.Send(numbered(1)) })

// linePassed passes the end on.
var linePassed = mp.Proc2(func(ctx context.Context, c *wire, n int) error {
	arm(n)
	p := &mp.Process{Target: sayOne(c), Name: "heir"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	return p.Join()
})

var dieTalking = mp.Proc2(func(_ context.Context, c *wire, at int) error {
	failpoint.Arm(at, nil)
	return errors.Join(c.Send(numbered(1)), c.Close(), errors.New("alive"))
})

// sweepsLine is the parent of one that dies with the end.
var sweepsLine = mp.Proc3(func(ctx context.Context, c *wire, at, n int) error {
	p := &mp.Process{Target: dieTalking(c, at), Name: "first"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	arm(n)
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

func pipeScenarios() []scenario {
	with := func(victim func(stage, int, *wire) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n, line.theirs) }
	}
	on := func(victim func(*wire, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(_ *family, n int) mp.Target { return victim(line.theirs, n) }
	}
	say := func(f *family, v *mp.Process) {
		f.atGate(v)
		for i := range int64(2) {
			_ = line.mine.TrySend(numbered(i + 1)) // the victim may be dead
		}
	}
	// Nobody listens before the victim sleeps.
	late := func(f *family, v *mp.Process) {
		f.atGate(v)
		line.done = make(chan error, 1)
		go func(done chan<- error, c *wire) { done <- listen(c, false) }(line.done, line.mine)
	}
	silent := func(*family) error {
		line.mine, line.theirs = mp.NewPipe[letter, letter](mp.RingBytes(1<<13), mp.Name("line"))
		return nil
	}
	clear := func(f *family) error { f.Event.Clear(); return connect(false)(f) }
	all := []scenario{
		{name: "pipe alone", setup: connect(true), victim: on(lineAlone), after: hungUp},
		{name: "pipe full", setup: silent, victim: with(lineFull), during: late, after: hungUp},
		{name: "pipe waited for", setup: connect(false), victim: with(lineAwaited), during: say, after: hungUp},
		{name: "pipe waited for, cancelled", setup: clear, victim: with(lineCancelled), after: hungUp},
		{name: "pipe and others waited for", setup: clear, victim: with(lineWaits), during: say, after: hungUp},
		{name: "pipe closed beside a wait", setup: connect(false), victim: with(lineClosed), during: func(f *family, v *mp.Process) {
			f.atGate(v)
			f.Gate.Store(2)
		}, after: hungUp},
		{name: "pipe opened", fromStart: true, setup: connect(false), victim: func(*family, int) mp.Target { return sayOne(line.theirs) }, after: hungUp},
		{name: "pipe passed on", setup: connect(false), victim: on(linePassed), after: hungUp},
		{
			name: "mail watched by one, waited for by another", setup: expectLetter, after: letterCame, most: 12,
			victim: func(f *family, n int) mp.Target { return mailWatched(f.stage, n) },
			during: func(f *family, v *mp.Process) {
				f.atGate(v)
				_ = post(1)(f) // without it the wait hangs, which is noticed
			},
		},
	}
	for _, at := range []int{1, 3, 5} {
		all = append(all, scenario{
			name: fmt.Sprintf("sweep of one dead at step %d of a call", at), setup: connect(false), after: hungUp,
			victim: func(_ *family, n int) mp.Target { return sweepsLine(line.theirs, at, n) },
		})
	}
	return all
}
