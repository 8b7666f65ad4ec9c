//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// shelf is a pair under a readers-writer lock: both are equal whenever nobody writes.
type shelf struct {
	RW   *mp.RWLock
	Pair *mp.RawValue[pair]
}

func newShelf() shelf { return shelf{mp.NewRWLock(mp.Name("shelf")), mp.NewRawValue(pair{})} }

func (s shelf) whole(when string) error {
	if p := s.Pair.Ptr(); p[0] != p[1] {
		return fmt.Errorf("torn %s: %v", when, *p)
	}
	return nil
}

func (s shelf) section() error {
	failpoint.Hit("crash: shelf begun")
	if err := s.whole("under a writer"); err != nil {
		return err
	}
	p := s.Pair.Ptr()
	p[0]++
	failpoint.Hit("crash: shelf half done")
	p[1]++
	failpoint.Hit("crash: shelf done")
	return nil
}

// lock locks for writing, and mends.
func (s shelf) lock(ctx context.Context) error {
	err := s.RW.LockContext(ctx)
	if _, died := errors.AsType[*mp.OwnerDiedError](err); died {
		err = s.RW.Recover(ctx, func(*mp.OwnerDiedError) error {
			failpoint.Hit("crash: shelf mending")
			p := s.Pair.Ptr()
			p[0] = max(p[0], p[1])
			failpoint.Hit("crash: shelf half mended")
			p[1] = p[0]
			return nil
		})
	}
	return err
}

func (s shelf) write(ctx context.Context) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	err := s.section()
	s.RW.Unlock()
	return err
}

// read reads, mending what a writer has left.
func (s shelf) read(ctx context.Context) error {
	err := s.RW.RLockContext(ctx)
	for {
		if _, died := errors.AsType[*mp.OwnerDiedError](err); !died {
			break
		}
		if err = s.lock(ctx); err == nil {
			s.RW.Unlock()
			err = s.RW.RLockContext(ctx)
		}
	}
	if err != nil {
		return err
	}
	failpoint.Hit("crash: shelf read")
	err = s.whole("under a reader")
	s.RW.RUnlock()
	return err
}

func (s shelf) round(ctx context.Context) error {
	if err := s.read(ctx); err != nil {
		return err
	}
	return s.write(ctx)
}
