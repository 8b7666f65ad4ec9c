//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

type record struct {
	Name string
	Data []float64
}

// What is encoded by parts, and by its memory, and a string: all are long, and come between processes whole.
func TestQueueOfLargeValues(t *testing.T) {
	q := mp.NewQueue[record](0, mp.RingBytes(1<<12))
	p := start(t, fillRecords(q, 20))
	for i := range 20 {
		r, err := q.Get()
		if err != nil {
			t.Fatal(err)
		}
		if want := newRecord(i); r.Name != want.Name || !slices.Equal(r.Data, want.Data) {
			t.Fatalf("record %d is torn", i)
		}
	}
	if err := p.Join(); err != nil {
		t.Error(err)
	}
	s := mp.NewQueue[string](0, mp.RingBytes(1<<12))
	long := string(bytes.Repeat([]byte("long"), 1<<16))
	if err := s.Put(long); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(); got != long || err != nil {
		t.Errorf("%d bytes came, %v", len(got), err)
	}
}

func newRecord(i int) record {
	r := record{Name: fmt.Sprint(i), Data: make([]float64, 20_000+i)}
	for k := range r.Data {
		r.Data[k] = float64(i * k)
	}
	return r
}

var fillRecords = mp.Proc2(func(ctx context.Context, q *mp.Queue[record], n int) error {
	for i := range n {
		if err := q.PutContext(ctx, newRecord(i)); err != nil {
			return err
		}
	}
	return nil
})

// What waits is bounded by the ring's size, wherever it lies.
func TestQueueBoundsBytes(t *testing.T) {
	q := mp.NewQueue[[]byte](0, mp.Name("bounded"))
	empty := memory(t, "bounded")
	n := 0
	for q.TryPut(make([]byte, 100_000)) == nil {
		n++
	}
	if n != 10 {
		t.Errorf("%d messages of 100,000 bytes wait in a ring of 1 MiB", n)
	}
	if err := q.TryPut(make([]byte, 100_000)); !errors.Is(err, queue.ErrFull) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := q.PutContext(ctx, make([]byte, 100<<20)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	for range n {
		if _, err := q.Get(); err != nil {
			t.Fatal(err)
		}
	}
	if used := memory(t, "bounded") - empty; used > 4<<20+64<<10 {
		t.Errorf("an empty queue keeps %d bytes", used)
	}
	if err := q.Put(make([]byte, 50<<20)); err != nil {
		t.Errorf("of one message larger than the ring: %v", err)
	}
	if err := q.TryPut([]byte("small")); !errors.Is(err, queue.ErrFull) && err != nil {
		t.Errorf("got %v", err)
	}
	q.ShutdownNow()
	if used := memory(t, "bounded") - empty; used > 0 {
		t.Errorf("%d bytes are kept for a queue that is shut down", used)
	}
}

// A message that no arena of this size could take is told from one for which there is no room now.
func TestQueueMessageTooLarge(t *testing.T) {
	q := mp.NewQueue[[]byte](0, mp.Name("blobs"))
	_, err := mp.Reserve(q, 1<<40)
	size, ok := errors.AsType[*mp.MessageSizeError](err)
	if !ok || size.Size != 1<<40 || size.Most < 1<<30 || size.Queue != "blobs" {
		t.Fatalf("got %v", err)
	}
	want := fmt.Sprintf(`mp: a message of %d bytes for queue "blobs" is too long for the arena, which takes %d: Configure a larger one`, size.Size, size.Most)
	if err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// producers and consumers of long messages are killed at any moment; the others go on, and what they had is free again.
func TestQueueLargeUnderKill(t *testing.T) {
	q, began := mp.NewQueue[[]byte](0, mp.RingBytes(1<<16), mp.Name("flooded")), mp.NewSemaphore(0)
	empty := memory(t, "flooded")
	keeper := start(t, drain(q))
	for i := range 12 {
		var victims [2]*mp.Process
		victims[0] = start(t, flood(q, began))
		victims[1] = start(t, drink(q, began))
		for range 8 + i {
			began.Acquire()
		}
		for _, v := range victims {
			if err := v.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = v.Join()
		}
	}
	q.Shutdown()
	if err := keeper.Join(); err != nil {
		t.Error(err)
	}
	shrinks(t, "flooded", empty)
	runtime.KeepAlive(q)
	runtime.KeepAlive(began)
}

func blob(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 1+i*7919%200_000) }

func whole(b []byte) error {
	if len(b) == 0 || bytes.Count(b, b[:1]) != len(b) {
		return fmt.Errorf("a torn message of %d bytes", len(b))
	}
	return nil
}

var (
	drain = mp.Proc(func(ctx context.Context, q *mp.Queue[[]byte]) error {
		for b, err := range q.All(ctx) {
			if err = errors.Join(err, whole(b)); err != nil {
				return err
			}
		}
		return nil
	})
	// flood puts in all ways that there are.
	flood = mp.Proc2(func(ctx context.Context, q *mp.Queue[[]byte], began *mp.Semaphore) error {
		for i := 0; ; i += 3 {
			r, err := mp.Reserve(q, 1+i*7919%200_000)
			if err != nil {
				return err
			}
			copy(r.Bytes(), blob(i))
			if err := r.Commit(ctx); err != nil {
				return err
			}
			if _, err := q.PutMany(ctx, [][]byte{blob(i + 1), blob(i + 2)}); err != nil {
				return err
			}
			began.Release()
		}
	})
	drink = mp.Proc2(func(ctx context.Context, q *mp.Queue[[]byte], began *mp.Semaphore) error {
		for many := make([][]byte, 3); ; {
			l, err := mp.Borrow(ctx, q)
			if err != nil {
				return err
			}
			if err := whole(l.Bytes()); err != nil {
				return err
			}
			l.Release()
			n, err := q.GetMany(ctx, many)
			for _, b := range many[:n] {
				err = errors.Join(err, whole(b))
			}
			if err != nil {
				return err
			}
			began.Release()
		}
	})
)
