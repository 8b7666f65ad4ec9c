//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// nested is the part of a stage that is about an RLock.
type nested struct {
	RLock *mp.RLock
	Cond  *mp.RCondition     // over RLock
	Pair  *mp.RawValue[pair] // guarded by RLock: both are equal whenever nobody holds it
}

func newNested() nested {
	l := mp.NewRLock(mp.Name("nested"))
	return nested{l, mp.NewRCondition(l), mp.NewRawValue(pair{})}
}

// section changes the halves at different levels.
func (s nested) section(h *mp.Holder) error {
	failpoint.Hit("crash: section begun")
	p := s.Pair.Ptr()
	if p[0] != p[1] {
		return fmt.Errorf("torn under the rlock: %v", *p)
	}
	h.Lock()
	p[0]++
	h.Lock()
	failpoint.Hit("crash: section half done")
	p[1]++
	h.Unlock()
	failpoint.Hit("crash: section done")
	h.Unlock()
	return nil
}

// lock is Lock for one who can mend.
func (s nested) lock(ctx context.Context, h *mp.Holder) error {
	err := h.LockContext(ctx)
	if _, died := errors.AsType[*mp.OwnerDiedError](err); died {
		err = h.Recover(ctx, func(*mp.OwnerDiedError) error {
			h.Lock()
			defer h.Unlock()
			s.mend()
			return nil
		})
	}
	return err
}

func (s nested) mend() {
	failpoint.Hit("crash: mending")
	p := s.Pair.Ptr()
	m := max(p[0], p[1])
	p[0] = m
	failpoint.Hit("crash: half mended")
	p[1] = m
	failpoint.Hit("crash: mended")
}

func (s nested) round(ctx context.Context) error {
	h := s.RLock.Holder()
	if err := s.lock(ctx, h); err != nil {
		return err
	}
	err := s.section(h)
	h.Unlock()
	failpoint.Hit("crash: unlocked")
	return err
}

// panics begins a section, tears it, and ends in the middle; the process lives on.
func (s nested) panics(h *mp.Holder) {
	defer func() { _ = recover() }()
	h.With(func() {
		s.Pair.Ptr()[0]++
		failpoint.Hit("crash: section half done")
		h.Lock()
		panic("in the section")
	})
}

// hold takes the lock for the parent, and returns what gives it back.
func (s nested) hold(ctx context.Context) (h *mp.Holder, err error) {
	h = s.RLock.Holder()
	return h, h.LockContext(ctx)
}

// told is what the next one is told of who was there before; nil if he gets the lock.
func (s nested) told(ctx context.Context) (*mp.OwnerDiedError, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	h := s.RLock.Holder()
	err := h.LockContext(ctx)
	if err == nil {
		h.Unlock()
		return nil, nil
	}
	if died, told := errors.AsType[*mp.OwnerDiedError](err); told {
		return died, nil
	}
	return nil, fmt.Errorf("%w, after %v", err, time.Duration(within))
}
