//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// freight is a queue of one scenario, some of whose messages are too long for its ring, and what its users have begun and
// done. There is room for what three of them load.
type freight struct {
	Dock  *mp.Queue[[]byte]
	Books *mp.RawValue[[2]cargo]
}

// cargo counts the messages of one user, in words that it alone writes.
type cargo struct{ PutBegun, PutDone, GetBegun, GetDone int64 }

// The users of a dock.
const (
	theOwner = iota
	theShipper
)

func newFreight() freight {
	return freight{mp.NewQueue[[]byte](0, mp.RingBytes(1<<15), mp.Name("dock")), mp.NewRawValue([2]cargo{})}
}

// container is somebody's n-th message: its bytes are all the same, and say whose and which it is.
func container(who int, n int64) []byte {
	size := int(n%8*37 + 10)
	if n%8 == 1 || n%8 == 7 { // of two loads the first of the one, by Put, and the third of the other, by PutMany
		size += 1 << 13
	}
	return bytes.Repeat([]byte{byte(2*(n%120) + int64(who) + 1)}, size)
}

// intact tells whether a message is one of somebody's, and its number modulo 120.
func intact(b []byte) (who int, n int64, err error) {
	if len(b) == 0 || b[0] == 0 || bytes.Count(b, b[:1]) != len(b) {
		return 0, 0, fmt.Errorf("a torn container of %d bytes", len(b))
	}
	return int(b[0]-1) % 2, int64(b[0]-1) / 2, nil
}

// load puts four messages, in all ways that there are.
func (f freight) load(ctx context.Context, who int) error {
	c := &f.Books.Ptr()[who]
	n := atomic.AddInt64(&c.PutBegun, 2)
	err := f.Dock.PutContext(ctx, container(who, n-1))
	if err == nil {
		atomic.AddInt64(&c.PutDone, 1)
		err = f.ship(ctx, container(who, n))
	}
	if err != nil {
		return err
	}
	atomic.AddInt64(&c.PutDone, 1)
	failpoint.Hit("crash: shipped")
	n = atomic.AddInt64(&c.PutBegun, 2)
	k, err := f.Dock.PutMany(ctx, [][]byte{container(who, n-1), container(who, n)})
	atomic.AddInt64(&c.PutDone, int64(k))
	return err
}

// ship writes a message where it will be read.
func (f freight) ship(ctx context.Context, b []byte) error {
	r, err := mp.Reserve(f.Dock, len(b)+40_000) // long, whatever it is cut to
	if err != nil {
		return err
	}
	defer r.Abort()
	copy(r.Bytes(), b)
	r.Truncate(len(b))
	failpoint.Hit("crash: container filled")
	return r.Commit(ctx)
}

// unload gets four messages, in all ways that there are.
func (f freight) unload(ctx context.Context, who int) error {
	c := &f.Books.Ptr()[who]
	atomic.AddInt64(&c.GetBegun, 2)
	b, err := f.Dock.GetContext(ctx)
	if err == nil {
		atomic.AddInt64(&c.GetDone, 1)
		_, _, err = intact(b)
	}
	if err != nil {
		return err
	}
	l, err := mp.Borrow(ctx, f.Dock)
	if err != nil {
		return err
	}
	atomic.AddInt64(&c.GetDone, 1)
	failpoint.Hit("crash: container borrowed")
	_, _, err = intact(l.Bytes())
	l.Release()
	for got := 0; got < 2 && err == nil; {
		many := make([][]byte, 2-got)
		atomic.AddInt64(&c.GetBegun, int64(len(many)))
		var n int
		n, err = f.Dock.GetMany(ctx, many)
		atomic.AddInt64(&c.GetDone, int64(n))
		atomic.AddInt64(&c.GetBegun, int64(n-len(many))) // what is not got now is not open
		for _, b := range many[:n] {
			_, _, wrong := intact(b)
			err = errors.Join(err, wrong)
		}
		got += n
	}
	return err
}

// inventory is for when nobody else is at it: what is there is what the books leave, or perhaps nothing if it was dropped; it is
// whole, and in each shipper's order.
func (f freight) inventory(ctx context.Context, dropped bool) error {
	var sum cargo
	for _, c := range f.Books.Ptr() {
		sum.PutBegun, sum.PutDone = sum.PutBegun+c.PutBegun, sum.PutDone+c.PutDone
		sum.GetBegun, sum.GetDone = sum.GetBegun+c.GetBegun, sum.GetDone+c.GetDone
	}
	n := int64(f.Dock.Len())
	if n < sum.PutDone-sum.GetBegun && (!dropped || n > 0) || n > sum.PutBegun-sum.GetDone {
		return fmt.Errorf("%d containers on the dock, books %+v", n, sum)
	}
	last := [2]int64{-1, -1}
	for range n {
		b, err := f.Dock.GetContext(ctx)
		if err != nil {
			return err
		}
		who, number, err := intact(b)
		if err != nil {
			return err
		}
		if last[who] >= 0 && (number-last[who]+120)%120 > 60 {
			return fmt.Errorf("container %d of %d behind its container %d", number, who, last[who])
		}
		last[who] = number
	}
	return nil
}

// clear ends the queue, after which nothing is left of all that was ever on it.
func (f freight) clear(left int64) error {
	f.Dock.Shutdown()
	for deadline := time.Now().Add(within); mp.DefaultArena().Left() != left; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d bytes of the dock's are nobody's", left-mp.DefaultArena().Left())
		}
	}
	runtime.KeepAlive(f.Dock)
	return nil
}
