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
)

var seatAlone = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	if err := s.seatRound(ctx); err != nil {
		return err
	}
	seats := 0
	for s.Seats.TryAcquire() {
		seats++
	}
	if seats != places {
		return fmt.Errorf("%d seats of %d", seats, places)
	}
	s.Seats.ReleaseN(places)
	return nil
})

var seatContended = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	for range 20 {
		if err := s.seatRound(ctx); err != nil {
			return err
		}
	}
	return nil
})

// seatWaiting comes while the parent has all seats, and so does a second goroutine of it.
var seatWaiting = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	s.Gate.Store(1)
	second := make(chan error)
	go func() { second <- s.seatRound(ctx) }()
	return errors.Join(s.seatRound(ctx), <-second)
})

// seatLeaving has all seats, and leaves them when somebody waits.
var seatLeaving = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	for range places {
		if err := s.Seats.AcquireContext(ctx); err != nil {
			return err
		}
	}
	s.Gate.Store(1)
	s.await(2)
	arm(n)
	failpoint.Hit("crash: seated")
	s.Seats.ReleaseN(places)
	return nil
})

var seatExit = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	return errors.Join(s.Seats.AcquireContext(ctx), s.Seats.AcquireContext(ctx))
})

// giveUp is cancelled while the parent has all that it waits for.
func giveUp(acquire func(s stage, ctx context.Context) error) func(context.Context, stage, int) error {
	return func(ctx context.Context, s stage, n int) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
		defer cancel()
		arm(n)
		s.Gate.Store(1)
		if err := acquire(s, ctx); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("a cancelled wait for a permit that is not there: %v", err)
		}
		return nil
	}
}

var (
	seatCancelled   = mp.Proc2(giveUp(func(s stage, ctx context.Context) error { return s.Seats.AcquireContext(ctx) }))
	ticketCancelled = mp.Proc2(giveUp(func(s stage, ctx context.Context) error { return s.Tickets.AcquireContext(ctx) }))
)

// ticketContended adds first and takes then, so that a death costs nobody a ticket while the others want them.
var ticketContended = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	for range 20 {
		s.Tickets.ReleaseN(1)
		if err := s.Tickets.AcquireContext(ctx); err != nil {
			return err
		}
	}
	return nil
})

var ticketWaiting = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	s.Gate.Store(1)
	return s.ticketRound(ctx)
})

// dieMoving dies at a step of taking its first seat: the first is with the lock of the accounts, the second with a seat too.
var dieMoving = mp.Proc2(func(_ context.Context, s stage, at int) error {
	failpoint.Arm(at, nil)
	s.Seats.Acquire()
	return errors.New("alive with a seat")
})

// sweepsSeats is the parent of one that dies moving: it sees the end first, and is armed before.
var sweepsSeats = mp.Proc3(func(ctx context.Context, s stage, at, n int) error {
	p := &mp.Process{Target: dieMoving(s, at), Name: "first"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	arm(n)
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

func semaphoreScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	takeSeats := func(f *family) error {
		return errors.Join(f.Seats.AcquireContext(f.ctx), f.Seats.AcquireContext(f.ctx))
	}
	takeTickets := func(f *family) error {
		return errors.Join(f.Tickets.AcquireContext(f.ctx), f.Tickets.AcquireContext(f.ctx))
	}
	leaveSeats := func(f *family, v *mp.Process) {
		f.atGate(v)
		for range places {
			f.Seats.Release()
		}
	}
	leaveTickets := func(f *family, v *mp.Process) {
		f.atGate(v)
		f.Tickets.ReleaseN(places)
	}
	scenarios := []scenario{
		{name: "seat alone", victim: on(seatAlone), after: seatsReturn},
		{name: "seat contended", victim: on(seatContended), busy: true, most: 60, after: seatsReturn},
		{name: "seat waited for", victim: on(seatWaiting), setup: takeSeats, during: leaveSeats, after: seatsReturn},
		{name: "seat waited for by many", victim: on(seatWaiting), busy: true, setup: takeSeats, during: leaveSeats, most: 25},
		{name: "seat with a waiter", victim: on(seatLeaving), during: func(f *family, v *mp.Process) {
			f.atGate(v)
			f.Mode.Store(busy) // both survivors wait for the victim
			time.Sleep(4 * time.Millisecond)
			f.Gate.Store(2)
		}},
		{name: "seat cancelled", victim: on(seatCancelled), setup: takeSeats, during: func(f *family, v *mp.Process) {
			<-v.Done()
			f.Seats.ReleaseN(places)
		}, after: seatsReturn},
		{name: "exit with seats", victim: on(seatExit), after: seatsReturn},
		{name: "ticket contended", victim: on(ticketContended), busy: true, most: 60},
		{name: "ticket waited for", victim: on(ticketWaiting), setup: takeTickets, during: leaveTickets},
		{name: "ticket waited for by many", victim: on(ticketWaiting), busy: true, setup: takeTickets, during: leaveTickets, most: 25},
		{name: "ticket cancelled", victim: on(ticketCancelled), setup: takeTickets, during: func(f *family, v *mp.Process) {
			<-v.Done()
			f.Tickets.ReleaseN(places)
		}},
	}
	for at := 1; at <= 2; at++ {
		scenarios = append(scenarios, scenario{
			name:   fmt.Sprintf("sweep of one dead at step %d of taking a seat", at),
			victim: func(f *family, n int) mp.Target { return sweepsSeats(f.stage, at, n) }, after: seatsReturn,
		})
	}
	return scenarios
}
