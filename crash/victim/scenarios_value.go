//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding"
	"fmt"
	"runtime"
	"time"

	"github.com/multiproc/mp"
)

var changeWord = mp.Proc2(func(_ context.Context, s stage, n int) error {
	arm(n)
	s.Gate.Store(1)
	for range 3 {
		s.wordRound(theVictim)
	}
	return nil
})

var changeWide = mp.Proc2(func(_ context.Context, s stage, n int) error {
	arm(n)
	s.Gate.Store(1)
	for range 3 {
		if err := s.wideRound(theVictim); err != nil {
			return err
		}
	}
	return nil
})

// use makes an object, opens it by its handle, lets go of it, and waits until it is gone.
func use[H interface {
	*V
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}, V any](made H) error {
	before := mp.DefaultArena().Left()
	b, err := made.MarshalBinary()
	if err == nil {
		err = H(new(V)).UnmarshalBinary(b)
	}
	runtime.KeepAlive(made)
	made = nil
	for deadline := time.Now().Add(10 * time.Second); err == nil && mp.DefaultArena().Left() <= before; runtime.GC() {
		if time.Now().After(deadline) {
			err = fmt.Errorf("an object of %d bytes is not collected", len(b))
		}
	}
	return err
}

var useSmall = mp.Proc(func(_ context.Context, n int) error {
	arm(n)
	return use(mp.NewValue(7))
})

var useTwo = mp.Proc(func(_ context.Context, n int) error {
	arm(n)
	l := mp.NewLock()
	if err := use(mp.NewValue(wide{})); err != nil {
		return err
	}
	return use(l)
})

var usePages = mp.Proc(func(_ context.Context, n int) error {
	arm(n)
	return use(mp.NewValue([3000]byte{}))
})

var useRun = mp.Proc(func(_ context.Context, n int) error {
	arm(n)
	return use(mp.NewRawValue([40 << 10]byte{}))
})

var useMegabyte = mp.Proc(func(_ context.Context, n int) error {
	arm(n)
	v := mp.NewRawValue([1 << 20]byte{})
	if b := v.Ptr()[:]; !bytes.Equal(b, make([]byte, len(b))) {
		return fmt.Errorf("new memory is not zero")
	}
	for i := range v.Ptr() {
		v.Ptr()[i] = 0xA5 // what comes after us in this memory must not see it
	}
	return use(v)
})

// openOthers opens and drops an object that the parent holds too.
var openOthers = mp.Proc2(func(_ context.Context, handle []byte, n int) error {
	arm(n)
	for range 2 {
		v := new(mp.Value[wide])
		if err := v.UnmarshalBinary(handle); err != nil {
			return err
		}
		gone := make(chan struct{})
		runtime.AddCleanup(v, func(c chan struct{}) { close(c) }, gone)
		v = nil
		for waiting := true; waiting; {
			runtime.GC()
			select {
			case <-gone:
				waiting = false
			case <-time.After(time.Millisecond):
			}
		}
	}
	return nil
})

func valueScenarios() []scenario {
	on := func(victim func(stage, int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(f *family, n int) mp.Target { return victim(f.stage, n) }
	}
	with := func(victim func(int) mp.Call[mp.None]) func(f *family, n int) mp.Target {
		return func(_ *family, n int) mp.Target { return victim(n) }
	}
	return []scenario{
		{name: "word alone", victim: on(changeWord)},
		{name: "word contended", victim: on(changeWord), busy: true, most: 20},
		{name: "struct alone", victim: on(changeWide)},
		{name: "struct contended", victim: on(changeWide), busy: true, most: 30},
		{name: "struct waited for", victim: on(changeWide), during: func(f *family, v *mp.Process) {
			f.Wide.Update(func(*wide) { f.atGate(v) })
		}},
		{name: "object of a word", victim: with(useSmall)},
		{name: "two objects", victim: with(useTwo)},
		{name: "object of two pages", victim: with(usePages)},
		{name: "object of 40 KiB", victim: with(useRun)},
		{name: "object of a MiB", victim: with(useMegabyte)},
		{name: "object of others", victim: func(f *family, n int) mp.Target {
			b, err := f.Wide.MarshalBinary()
			if err != nil {
				panic(err)
			}
			return openOthers(b, n)
		}},
	}
}
