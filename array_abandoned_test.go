//go:build linux

package mp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

var (
	dieInUpdateOf = mp.Proc2(func(_ context.Context, a *mp.Array[room], g gate) error {
		a.Update(1, func(r *room) { r.Now = 666; g.pass(); select {} })
		return nil
	})
	dieInWith = mp.Proc2(func(_ context.Context, a *mp.Array[room], g gate) error {
		a.With(func(rooms []room) { rooms[1].Now = 666; g.pass(); select {} })
		return nil
	})
)

func TestArrayUpdateOfTheKilledHasNotHappened(t *testing.T) {
	a, g := mp.NewArrayOf([]room{{Now: 1}, {Now: 2}}), newGate()
	p := start(t, dieInUpdateOf(a, g))
	g.wait(t, 1)
	if got := a.At(1); got.Now != 2 {
		t.Errorf("half an update can be seen: %v", got)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the next update", func() { a.Update(1, func(r *room) { r.Now++ }) })
	if got := a.At(1); got.Now != 3 {
		t.Errorf("got %v", got)
	}
	if died, n := a.LastDeath(); n != 0 {
		t.Errorf("%d deaths, %v: an update leaves nothing torn", n, died)
	}
}

// arrayAbandoned fails unless each way to the lock tells who died.
func arrayAbandoned(t *testing.T, a *mp.Array[room], who string) {
	t.Helper()
	for name, f := range map[string]func(){
		"With":   func() { a.With(func([]room) {}) },
		"Update": func() { a.Update(0, func(*room) {}) }, "Set": func() { a.Set(0, room{}) }, "At": func() { a.At(0) },
		"CopyTo": func() { a.CopyTo(nil) }, "CopyFrom": func() { a.CopyFrom(nil) },
	} {
		within(t, 5*time.Second, name, func() {
			if died, ok := caught(f).(*mp.OwnerDiedError); !ok || died.Process != who || died.Object != "rooms" {
				t.Errorf("%s: %v, want to be told of %s", name, died, who)
			}
		})
	}
	for name, err := range map[string]error{
		"WithContext":   a.WithContext(t.Context(), func([]room) { t.Error("let in") }),
		"UpdateContext": a.UpdateContext(t.Context(), 0, func(*room) error { t.Error("let in"); return nil }),
	} {
		if died, ok := errors.AsType[*mp.OwnerDiedError](err); !ok || died.Process != who {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestArrayAbandoned(t *testing.T) {
	a, g := mp.NewArrayOf([]room{{Now: 1}, {Now: 2}}, mp.Name("rooms")), newGate()
	p := startProcess(t, &mp.Process{Name: "victim", Target: dieInWith(a, g)})
	g.wait(t, 1)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	arrayAbandoned(t, a, "victim")
	hard := errors.New("too hard")
	if err := a.Recover(t.Context(), func(*mp.OwnerDiedError, []room) error { return hard }); err != hard {
		t.Error(err)
	}
	arrayAbandoned(t, a, "victim")
	if p := caught(func() { _ = a.Recover(t.Context(), func(*mp.OwnerDiedError, []room) error { panic("no") }) }); p != "no" {
		t.Error(p)
	}
	arrayAbandoned(t, a, "MainProcess")
	if err := a.Recover(t.Context(), func(died *mp.OwnerDiedError, rooms []room) error {
		if rooms[1].Now != 666 || !died.Panicked {
			t.Errorf("%v left %v", died, rooms[1])
		}
		rooms[1].Now = 2
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := a.At(1); got.Now != 2 {
		t.Errorf("mended: %v", got)
	}
	if err := a.Recover(t.Context(), func(*mp.OwnerDiedError, []room) error { t.Error("mended twice"); return nil }); err != nil {
		t.Error(err)
	}
	if died, n := a.LastDeath(); n != 2 || died.Process != "MainProcess" {
		t.Errorf("%d deaths, the last: %v", n, died)
	}
}

func TestArrayWithPanics(t *testing.T) {
	a := mp.NewArray[room](2, mp.Name("rooms"))
	if p := caught(func() { a.With(func(rooms []room) { rooms[0].Now = 1; panic("no") }) }); p != "no" {
		t.Errorf("With panicked with %v", p)
	}
	arrayAbandoned(t, a, "MainProcess")
	if err := a.Recover(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if a.At(0).Now != 1 {
		t.Error("recovering has changed it")
	}
}

// Words are whole whatever has died.
func TestArrayOfWordsAbandoned(t *testing.T) {
	a := mp.NewArrayOf([]int{3, 1, 2})
	_ = caught(func() { a.With(func(x []int) { x[0] = 9; panic("no") }) })
	if a.Set(1, 7); a.At(0) != 9 || a.At(1) != 7 {
		t.Errorf("%d, %d", a.At(0), a.At(1))
	}
	if _, ok := caught(func() { a.Update(0, func(*int) {}) }).(*mp.OwnerDiedError); !ok {
		t.Error("Update was not told")
	}
}

func TestArrayReleased(t *testing.T) {
	a, g := mp.NewArray[room](2, mp.Name("rooms"), mp.Release), newGate()
	p := startProcess(t, &mp.Process{Name: "victim", Target: dieInWith(a, g)})
	g.wait(t, 1)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "At", func() {
		if got := a.At(1); got.Now != 666 {
			t.Errorf("got %v", got)
		}
	})
	if died, n := a.LastDeath(); n != 1 || died.Process != "victim" {
		t.Errorf("%d deaths, the last: %v", n, died)
	}
	_ = caught(func() { a.With(func([]room) { panic("no") }) })
	within(t, 5*time.Second, "an Update", func() { a.Update(0, func(r *room) { r.Now++ }) })
	if a.At(0).Now != 1 {
		t.Error("lost")
	}
}

func TestArrayGivesUp(t *testing.T) {
	a := mp.NewArray[room](2)
	a.With(func([]room) {
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			defer cancel()
			for name, err := range map[string]error{
				"UpdateContext": a.UpdateContext(ctx, 0, func(*room) error { return nil }),
				"WithContext":   a.WithContext(ctx, func([]room) {}),
				"Recover":       a.Recover(ctx, nil),
			} {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
		wg.Wait()
	})
	a.Update(0, func(*room) {})
}
