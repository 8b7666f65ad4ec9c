//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// rack is arrays: of elements that take several stores, and of parts of a word; each is whole whatever happens.
type rack struct {
	Rooms  *mp.Array[wide]   // the sum of each is 0, and that of all first words too, but for those who are in With
	Counts *mp.Array[uint16] // what each process has added, in one word with its neighbours
	Ledger *mp.RawArray[account]
}

func newRack() rack {
	return rack{mp.NewArray[wide](3, mp.Name("rooms")), mp.NewArray[uint16](4), mp.NewRawArray[account](4)}
}

// element is what a change of one element is, with the places to be killed at.
func (r rack) element(ctx context.Context, who int) error {
	i := who % r.Rooms.Len()
	err := r.mended(ctx, func() error {
		return r.Rooms.UpdateContext(ctx, i, func(w *wide) error {
			err := w.check()
			w[2]--
			failpoint.Hit("crash: element half changed")
			w[6]++
			return err
		})
	})
	if err == nil {
		failpoint.Hit("crash: element changed")
		err = r.look()
	}
	return err
}

// set sets an element that only this process sets: what was read does not change before it is written.
func (r rack) set(ctx context.Context, i int) error {
	return r.mended(ctx, func() error {
		w, err := r.at(i)
		if err != nil {
			return err
		}
		w[3]--
		w[4]++
		return told(func() { r.Rooms.Set(i, w) })
	})
}

// told makes a panic with what a death tells an error.
func told(f func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *mp.OwnerDiedError:
			err = p
		default:
			panic(p)
		}
	}()
	f()
	return nil
}

func (r rack) at(i int) (w wide, err error) {
	err = told(func() { w = r.Rooms.At(i) })
	return w, errors.Join(err, w.check())
}

// look reads all elements, each of which must be whole.
func (r rack) look() error {
	for i := range r.Rooms.Len() {
		_, err := r.at(i)
		if _, died := errors.AsType[*mp.OwnerDiedError](err); err != nil && !died {
			return err
		}
	}
	return nil
}

// section moves something from an element to another one, in place.
func (r rack) section(rooms []wide) {
	failpoint.Hit("crash: rack begun")
	rooms[0][0]++
	failpoint.Hit("crash: rack: an element half changed")
	rooms[0][5]--
	failpoint.Hit("crash: rack: one of two elements changed")
	rooms[1][0]--
	rooms[1][5]++
	failpoint.Hit("crash: rack done")
}

func mendRooms(_ *mp.OwnerDiedError, rooms []wide) error {
	failpoint.Hit("crash: rack mending")
	for i := range rooms {
		w, sum := &rooms[i], int64(0)
		for _, n := range w {
			sum += n
		}
		w[5] -= sum
		failpoint.Hit("crash: rack half mended")
	}
	// The second has what the first has, negative.
	rooms[1][5] += rooms[1][0] + rooms[0][0]
	rooms[1][0] = -rooms[0][0]
	return nil
}

// mended does f, and mends the array if that is what it wants.
func (r rack) mended(ctx context.Context, f func() error) error {
	for {
		err := f()
		if _, died := errors.AsType[*mp.OwnerDiedError](err); !died {
			return err
		}
		if err := r.Rooms.Recover(ctx, mendRooms); err != nil {
			return err
		}
	}
}

func (r rack) with(ctx context.Context) error {
	return r.mended(ctx, func() error { return r.Rooms.WithContext(ctx, r.section) })
}

func (r rack) count(who int) {
	for _, add := range []func(){
		func() { r.Counts.Update(who, func(n *uint16) { *n++ }) },
		func() { r.Counts.Set(who, r.Counts.At(who)+1) }, // nobody else does
	} {
		a := &r.Ledger.Slice()[who]
		atomic.AddInt64(&a.Begun, 1)
		add()
		atomic.AddInt64(&a.Done, 1)
		failpoint.Hit("crash: counted")
	}
}

func (r rack) round(ctx context.Context, who int) error {
	if err := r.element(ctx, who); err != nil {
		return err
	}
	r.count(who)
	return r.with(ctx)
}

// check is for when everybody is at rest, and nothing is abandoned.
func (r rack) check() error {
	for i := range r.Rooms.Len() {
		if _, err := r.at(i); err != nil {
			return err
		}
	}
	if a, b := r.Rooms.At(0), r.Rooms.At(1); a[0]+b[0] != 0 {
		return fmt.Errorf("half of a section: %v, %v", a, b)
	}
	for who := range r.Ledger.Slice() {
		a := &r.Ledger.Slice()[who]
		n := int64(r.Counts.At(who) - uint16(a.Done))
		if n > a.Begun-a.Done {
			return fmt.Errorf("%d additions were begun by %d, %d came to their end, and there are %d more", a.Begun, who, a.Done, n)
		}
		a.Done += n // what was open is decided
		a.Begun = a.Done
	}
	return nil
}
