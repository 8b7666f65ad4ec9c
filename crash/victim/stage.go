//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// A stage is what the processes of a scenario share.
type stage struct {
	Lock   *mp.Lock
	Cond   *mp.Condition      // over Lock
	Pair   *mp.RawValue[pair] // guarded by Lock: both are equal whenever it is free
	Nested nested
	Word   *mp.Value[int64]
	Wide   *mp.Value[wide] // the sum is 0
	Ledger *mp.RawValue[ledger]
	Mode   *mp.Value[int32] // what the survivors do
	Gate   *mp.Value[int32] // how the processes of a scenario wait for each other
	Bar    *mp.Lock         // held by a survivor for ever
	semaphores
	Traced traced
	Shelf  shelf
	Event  *mp.Event        // of the scenarios of events; cleared between them
	Meet   *mp.Barrier      // for two, with an action that counts; every process of the scenario is a party
	Met    *mp.Value[int64] // what it counts
	Mail   mail
	Rack   rack
	Jobs   jobs
}

type (
	pair   [2]int64
	wide   [8]int64
	ledger [4]account
)

// account is what one process has done, in words that it alone writes.
type account struct {
	Begun, Done int64 // additions to Word: those of which it does not know the end are between the two
	Rounds      int64 // through everything that there is
	Idle        int64 // 1: it does nothing
}

// The processes' accounts.
const (
	parent = iota
	survivorA
	survivorB
	theVictim
)

// The modes of the survivors.
const (
	idle int32 = iota
	busy
	ended
)

func newStage() stage {
	lock := mp.NewLock(mp.Name("pair"))
	met := mp.NewValue[int64](0)
	return stage{
		Meet: mp.NewBarrier(2, mp.Name("meet"), mp.Action(count(met))), Met: met,
		Lock: lock, Cond: mp.NewCondition(lock), Pair: mp.NewRawValue(pair{}), Word: mp.NewValue[int64](0), Wide: mp.NewValue(wide{}),
		Ledger: mp.NewRawValue(ledger{}), Mode: mp.NewValue(idle), Gate: mp.NewValue[int32](0), Bar: mp.NewLock(mp.Name("bar")),
		semaphores: newSemaphores(),
		Nested:     newNested(),
		Traced:     newTraced(),
		Shelf:      newShelf(),
		Event:      mp.NewEvent(mp.Name("event")),
		Mail:       newMail(),
		Rack:       newRack(),
		Jobs:       newJobs(),
	}
}

func (s stage) account(who int) *account { return &s.Ledger.Ptr()[who] }

// section is what the lock guards, with the places to be killed at.
func (s stage) section() error {
	failpoint.Hit("crash: section begun")
	p := s.Pair.Ptr()
	if p[0] != p[1] {
		return fmt.Errorf("torn under the lock: %v", *p)
	}
	p[0]++
	failpoint.Hit("crash: section half done")
	p[1]++
	failpoint.Hit("crash: section done")
	return nil
}

func (s stage) mend() {
	failpoint.Hit("crash: mending")
	p := s.Pair.Ptr()
	m := max(p[0], p[1])
	p[0] = m
	failpoint.Hit("crash: half mended")
	p[1] = m
	failpoint.Hit("crash: mended")
}

// lock is Lock for one who can mend.
func (s stage) lock(ctx context.Context) error {
	err := s.Lock.LockContext(ctx)
	if _, died := errors.AsType[*mp.OwnerDiedError](err); died {
		err = s.Lock.Recover(ctx, func(*mp.OwnerDiedError) error {
			s.mend()
			return nil
		})
	}
	return err
}

func (s stage) pairRound(ctx context.Context) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	err := s.section()
	s.Lock.Unlock()
	failpoint.Hit("crash: unlocked")
	return err
}

func (s stage) wordRound(who int) {
	a := s.account(who)
	atomic.AddInt64(&a.Begun, 1)
	s.Word.Update(func(n *int64) { *n++ })
	atomic.AddInt64(&a.Done, 1)
}

func (s stage) wideRound(who int) error {
	var err error
	s.Wide.Update(func(w *wide) {
		err = w.check()
		w[who]--
		failpoint.Hit("crash: value half changed")
		w[(who+3)%len(w)]++
	})
	return err
}

func (w *wide) check() error {
	sum := int64(0)
	for _, n := range w {
		sum += n
	}
	if sum != 0 {
		return fmt.Errorf("torn value: %v", *w)
	}
	return nil
}

func (s stage) notifyRound(ctx context.Context) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	s.Cond.Notify(1)
	s.Cond.Unlock()
	return nil
}

// round goes once through everything.
func (s stage) round(ctx context.Context, who int) error {
	if err := s.pairRound(ctx); err != nil {
		return err
	}
	if err := s.Nested.round(ctx); err != nil {
		return err
	}
	if err := s.notifyRound(ctx); err != nil {
		return err
	}
	s.wordRound(who)
	if err := s.wideRound(who); err != nil {
		return err
	}
	if err := s.semaphoreRound(ctx); err != nil {
		return err
	}
	if err := s.Shelf.round(ctx); err != nil {
		return err
	}
	if err := errors.Join(s.Mail.round(ctx, who), s.Jobs.round(ctx, who)); err != nil {
		return err
	}
	if err := s.Rack.round(ctx, who); err != nil {
		return err
	}
	x := s.Wide.Load()
	atomic.AddInt64(&s.account(who).Rounds, 1)
	return x.check()
}

// survive is a survivor's life.
var survive = mp.Proc2(func(ctx context.Context, s stage, who int) error {
	if who == survivorA {
		s.Bar.Lock()
		defer s.Bar.Unlock()
	}
	a := s.account(who)
	for {
		switch s.Mode.Load() {
		case ended:
			return nil
		case idle:
			atomic.StoreInt64(&a.Idle, 1)
			time.Sleep(100 * time.Microsecond)
		case busy:
			atomic.StoreInt64(&a.Idle, 0)
			if err := s.round(ctx, who); err != nil {
				return err
			}
		}
	}
})
