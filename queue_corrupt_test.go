//go:build linux

package mp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// A queue that was written over is an error to whoever uses it, in all processes, and to whoever waits there.
func TestCorruptQueue(t *testing.T) {
	q, g := mp.NewQueue[int](1, mp.Name("jobs")), newGate()
	if err := q.Put(1); err != nil {
		t.Fatal(err)
	}
	ends := make(chan error, 1)
	go func() {
		_, err := mp.Run(context.Background(), refusedOne(q, true, g))
		ends <- err
	}()
	g.wait(t, 1)
	mp.SpoilQueue(q)
	_, err := q.Get()
	corrupt, ok := errors.AsType[*mp.CorruptError](err)
	if !ok || corrupt.Queue != "jobs" || !errors.Is(err, mp.ErrCorrupt) || !strings.HasPrefix(err.Error(), `mp: queue "jobs" is corrupt: `) {
		t.Fatalf("Get: %v", err)
	}
	within(t, 20*time.Second, "the other process is told", func() {
		if err := <-ends; !errors.Is(err, mp.ErrCorrupt) {
			t.Errorf("a Put that waits: %v", err)
		}
	})
	if err := q.TryPut(2); !errors.Is(err, mp.ErrCorrupt) {
		t.Errorf("TryPut: %v", err)
	}
	n := 0
	for _, err := range q.All(context.Background()) {
		if n++; !errors.Is(err, mp.ErrCorrupt) {
			t.Errorf("All: %v", err)
		}
	}
	if n != 1 {
		t.Errorf("All yields %d errors", n)
	}
}

// A handle of a queue whose ring cannot be there is refused.
func TestCorruptQueueIsNotOpened(t *testing.T) {
	q := mp.NewQueue[int](1, mp.Name("jobs"))
	b, err := q.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	mp.SpoilQueueSize(q)
	var again mp.Queue[int]
	if err := again.UnmarshalBinary(b); !errors.Is(err, mp.ErrCorrupt) {
		t.Errorf("got %v", err)
	}
	if err := q.Put(1); err != nil {
		t.Errorf("who has it open goes by what it was: %v", err)
	}
}
