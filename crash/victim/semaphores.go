//go:build linux

package main

import (
	"context"
	"fmt"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// semaphores are what the processes of a scenario share of them. Two of each, so that one is left when one is lost.
type semaphores struct {
	Seats   *mp.BoundedSemaphore
	Tickets *mp.Semaphore
}

const places = 2

func newSemaphores() semaphores {
	return semaphores{mp.NewBoundedSemaphore(places, mp.Name("seats")), mp.NewSemaphore(places, mp.Name("tickets"))}
}

func (s semaphores) seatRound(ctx context.Context) error {
	if err := s.Seats.AcquireContext(ctx); err != nil {
		return err
	}
	failpoint.Hit("crash: seated")
	s.Seats.Release()
	failpoint.Hit("crash: stood up")
	return nil
}

func (s semaphores) ticketRound(ctx context.Context) error {
	if err := s.Tickets.AcquireContext(ctx); err != nil {
		return err
	}
	failpoint.Hit("crash: ticket in hand")
	s.Tickets.Release()
	failpoint.Hit("crash: ticket returned")
	return nil
}

// semaphoreRound goes once through both.
func (s semaphores) semaphoreRound(ctx context.Context) error {
	if err := s.seatRound(ctx); err != nil {
		return err
	}
	return s.ticketRound(ctx)
}

// checkSemaphores is for when everybody is at rest. A death may have cost a ticket, or, at a release, given one more.
func (s semaphores) checkSemaphores() error {
	if n := s.Seats.Value(); n != places {
		return fmt.Errorf("%d of %d seats are free, and nobody has one", n, places)
	}
	n := s.Tickets.Value()
	if n < places-1 || n > places+1 {
		return fmt.Errorf("%d tickets of %d, after one death", n, places)
	}
	for ; n > places; n-- {
		s.Tickets.Acquire()
	}
	if n < places {
		s.Tickets.ReleaseN(places - n)
	}
	return nil
}

// seatsReturn is what must be true soon after a death: all seats can be had.
func seatsReturn(f *family) error {
	ctx, cancel := context.WithTimeout(f.ctx, within)
	defer cancel()
	for n := range places {
		if err := f.Seats.AcquireContext(ctx); err != nil {
			return fmt.Errorf("%d of %d seats have returned after a death at %q: %w", n, places, f.step(), err)
		}
	}
	if f.Seats.TryAcquire() {
		return fmt.Errorf("there is a seat too many after a death at %q", f.step())
	}
	f.Seats.ReleaseN(places)
	return nil
}
