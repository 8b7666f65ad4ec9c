package mp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

// What two killed processes had in hand comes again, in the order of the puts, before what was never delivered.
func TestJoinableQueueDelivers(t *testing.T) {
	q, g := mp.NewJoinableQueue[int](0), newGate()
	putInts(t, q, 1, 2, 3, 4, 5, 6)
	own, err := q.Get()
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, hoardTasks(q, 2, g)) // 2 and 3
	g.wait(t, 1)
	b := start(t, hoardTasks(q, 2, g)) // 4 and 5
	g.wait(t, 2)
	if n := q.Len(); n != 1 {
		t.Errorf("%d wait, and 5 are in hand", n)
	}
	for _, p := range []*mp.Process{b, a} {
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Join()
	}
	for waits := 0; waits < 5; waits = q.Len() { // the sweep may be another's, and still at it
		runtime.Gosched()
	}
	m, err := q.Get()
	if err != nil || m.Value != 2 || m.Delivery != 2 {
		t.Errorf("got %+v, %v", m, err)
	}
	own.PutBack()
	m.PutBack()
	expectMessages(t, q, [2]int{1, 2}, [2]int{2, 3}, [2]int{3, 2}, [2]int{4, 2}, [2]int{5, 2}, [2]int{6, 1})
	within(t, 5*time.Second, "all is done", q.Join)
}

// A worker that waits has what a killed one had in hand, also of a queue that was shut down; and Join returns.
func TestJoinableQueueTakesOver(t *testing.T) {
	for _, shut := range []bool{false, true} {
		q, g := mp.NewJoinableQueue[int](0), newGate()
		putInts(t, q, 7)
		victim := start(t, hoardTasks(q, 1, g))
		g.wait(t, 1)
		if shut {
			q.Shutdown()
		}
		type result struct {
			got [2]int
			err error
		}
		done := make(chan result)
		go func() {
			got, err := mp.Run(context.Background(), takeOver(q, g))
			done <- result{got, err}
		}()
		joiner := start(t, joinTasks(q, g))
		g.wait(t, 3)
		if err := victim.Kill(); err != nil {
			t.Fatal(err)
		}
		within(t, 5*time.Second, "another does it", func() {
			if r := <-done; r.err != nil || r.got != [2]int{7, 2} {
				t.Errorf("shut %v: got %v, %v", shut, r.got, r.err)
			}
			if err := joiner.Join(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Of a queue that is shut now, what comes back by a death is dropped; whoever waits is told.
func TestJoinableQueueShutNowDropsOrphans(t *testing.T) {
	q, g := mp.NewJoinableQueue[int](0), newGate()
	putInts(t, q, 1, 2, 3)
	victim := start(t, hoardTasks(q, 1, g))
	g.wait(t, 1)
	q.ShutdownNow()
	if _, err := q.TryGet(); !errors.Is(err, queue.ErrEmpty) { // it could come back, for all that Get knows
		t.Errorf("got %v", err)
	}
	told := make(chan error)
	go func() { _, err := q.Get(); told <- err }()
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "all is dropped", func() {
		q.Join()
		if err := <-told; !errors.Is(err, queue.ErrShutDown) {
			t.Errorf("got %v", err)
		}
	})
}

// One who has something in hand itself does not wait for what others have, so that two cannot wait for each other.
func TestJoinableQueueShutWithWorkInHand(t *testing.T) {
	q, g := mp.NewJoinableQueue[int](0), newGate()
	putInts(t, q, 1, 2)
	victim := start(t, hoardTasks(q, 1, g))
	g.wait(t, 1)
	m, err := q.Get()
	if err != nil {
		t.Fatal(err)
	}
	q.Shutdown()
	if _, err := q.Get(); !errors.Is(err, queue.ErrShutDown) {
		t.Errorf("got %v", err)
	}
	m.TaskDone()
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "now it waits", func() { expectMessages(t, q, [2]int{1, 2}) })
	if _, err := q.Get(); !errors.Is(err, queue.ErrShutDown) {
		t.Errorf("got %v", err)
	}
}

// What is in hand comes back by the death of the process, though that had no handle of the queue any more.
func TestJoinableQueueForgottenMessage(t *testing.T) {
	q, g := mp.NewJoinableQueue[int](0), newGate()
	putInts(t, q, 1)
	p := start(t, forget(q, g))
	g.wait(t, 1)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "it comes back", func() { expectMessages(t, q, [2]int{1, 2}) })
}

// forget loses its handles, and waits until they are collected.
var forget = mp.Proc2(func(ctx context.Context, q *mp.JoinableQueue[int], g gate) error {
	if _, err := q.Get(); err != nil {
		return err
	}
	collected := make(chan struct{})
	runtime.AddCleanup(q, func(int) { close(collected) }, 0)
	for q = nil; ; runtime.GC() {
		select {
		case <-collected:
			g.pass()
			<-ctx.Done()
			return nil
		default:
		}
	}
})

func TestMessageMisuse(t *testing.T) {
	q := mp.NewJoinableQueue[int](0)
	putInts(t, q, 1, 2)
	first, err := q.Get()
	if err != nil {
		t.Fatal(err)
	}
	second, err := q.Get()
	if err != nil {
		t.Fatal(err)
	}
	again := first
	first.TaskDone()
	second.PutBack()
	for want, f := range map[string]func(){
		"TaskDone of a message that is done or put back already":        again.TaskDone,
		"PutBack of a message that is done or put back already":         again.PutBack,
		"TaskDone of a message that no queue has given to this process": mp.Message[int]{Value: 1}.TaskDone,
		"PutBack of a message that no queue has given to this process":  mp.Message[int]{Value: 1}.PutBack,
		"mp: TaskDone of a message that is done or put back already":    second.TaskDone,
		"mp.Message[int]":  func() { mp.NewQueue[mp.Message[int]](0) },
		"RingBytes(-1)":    func() { mp.NewJoinableQueue[int](0, mp.RingBytes(-1)) },
		"chan int":         func() { mp.NewSimpleQueue[chan int]() },
		"4194304 messages": func() { mp.NewJoinableQueue[int](1 << 22) },
	} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, want) {
					t.Errorf("got %s, expected it to tell %q", r, want)
				}
			}()
			f()
		}()
	}
	expectMessages(t, q, [2]int{2, 2})
	q.Join()
}
