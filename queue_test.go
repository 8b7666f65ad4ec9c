//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/conform"
	"github.com/multiproc/mp/queue"
)

func TestQueue(t *testing.T) {
	conform.Queue(t, conform.QueuePlace[conform.Queuer]{
		New: func(_ *testing.T, max int) conform.Queuer { return mp.NewQueue[int](max, mp.RingBytes(1<<14)) },
	})
}

// parcel is a message that tells whose it is.
type parcel struct {
	From, Number int
	Body         []byte
}

type load struct{ From, N, Most int }

func (p parcel) check() error {
	if want := bytes.Repeat([]byte{byte(p.Number)}, len(p.Body)); !bytes.Equal(p.Body, want) {
		return fmt.Errorf("torn: message %d of %d bytes", p.Number, len(p.Body))
	}
	return nil
}

var (
	// send puts numbered messages of all lengths up to most.
	send = mp.Proc2(func(ctx context.Context, q *mp.Queue[parcel], l load) error {
		for i := range l.N {
			p := parcel{l.From, i, bytes.Repeat([]byte{byte(i)}, i*37%(l.Most+1))}
			if err := q.PutContext(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	// collectAll returns how many it got of each producer, which must come in order.
	receiveAll = mp.Func2(func(ctx context.Context, q *mp.Queue[parcel], producers int) ([]int, error) {
		last, got := make([]int, producers), make([]int, producers)
		for p, err := range q.All(ctx) {
			if err = errors.Join(err, p.check()); err != nil {
				return nil, err
			}
			if p.Number+1 <= last[p.From] {
				return nil, fmt.Errorf("message %d of %d after its message %d", p.Number, p.From, last[p.From]-1)
			}
			last[p.From] = p.Number + 1
			got[p.From]++
		}
		return got, nil
	})
	getOne = mp.Proc3(func(ctx context.Context, q *mp.Queue[int], done *mp.Semaphore, g gate) error {
		g.pass()
		if _, err := q.GetContext(ctx); err != nil {
			return err
		}
		done.Release()
		return nil
	})
	putOne = mp.Proc3(func(ctx context.Context, q *mp.Queue[int], done *mp.Semaphore, g gate) error {
		g.pass()
		if err := q.PutContext(ctx, 7); err != nil {
			return err
		}
		done.Release()
		return nil
	})
	// refusedOne waits for what does not come.
	refusedOne = mp.Proc3(func(ctx context.Context, q *mp.Queue[int], put bool, g gate) error {
		g.pass()
		if put {
			return q.PutContext(ctx, 1)
		}
		_, err := q.GetContext(ctx)
		return err
	})
)

// Many producers, many consumers, in processes of their own: nothing is lost, torn, or out of its producer's order.
func TestQueueBetweenProcesses(t *testing.T) {
	for _, c := range []struct{ max, ring, most int }{{1, 4096, 40}, {7, 4096, 900}, {0, 1 << 16, 16000}} {
		t.Run(fmt.Sprint(c.max), func(t *testing.T) {
			const producers, consumers, each = 3, 3, 300
			q := mp.NewQueue[parcel](c.max, mp.RingBytes(c.ring), mp.Name("parcels"))
			type outcome struct {
				got []int
				err error
			}
			outcomes := make(chan outcome)
			for range consumers {
				go func() {
					got, err := mp.Run(context.Background(), receiveAll(q, producers))
					outcomes <- outcome{got, err}
				}()
			}
			var senders mp.Group
			for i := range producers {
				senders.Start(context.Background(), send(q, load{i, each, c.most}))
			}
			if err := senders.Join(); err != nil {
				t.Error(err)
			}
			q.Shutdown()
			sum := make([]int, producers)
			for range consumers {
				o := <-outcomes
				if o.err != nil {
					t.Fatal(o.err)
				}
				for i, n := range o.got {
					sum[i] += n
				}
			}
			for i, n := range sum {
				if n != each {
					t.Errorf("%d messages of producer %d came out, of %d", n, i, each)
				}
			}
		})
	}
}

// A message may be of any length, in the ring and out of it.
func TestQueueMessageSizes(t *testing.T) {
	q := mp.NewQueue[[]byte](0, mp.RingBytes(4000), mp.Name("blobs")) // 4096
	sizes := []int{1 << 15, 1 << 16, 1<<16 - 128, 1<<16 - 127, 100_000, 1 << 20, 3 << 20}
	for n := range 1100 {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		if err := q.Put(bytes.Repeat([]byte{byte(n)}, n)); err != nil {
			t.Fatal(err)
		}
		if b, err := q.Get(); err != nil || !bytes.Equal(b, bytes.Repeat([]byte{byte(n)}, n)) {
			t.Fatalf("%d bytes: %d came, %v", n, len(b), err)
		}
	}
}

type order struct {
	Name string
	Lots map[string][]int
	Done *mp.Semaphore
}

// What travels as an argument travels as a message, handles too.
func TestQueueOfAnything(t *testing.T) {
	q := mp.NewQueue[order](3)
	done := mp.NewSemaphore(0)
	in := order{"first", map[string][]int{"a": {1, 2}, "b": nil}, done}
	if err := q.Put(in); err != nil {
		t.Fatal(err)
	}
	p := start(t, fulfil(q))
	within(t, 20*time.Second, "the child has the message and its handle", done.Acquire)
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

var fulfil = mp.Proc(func(ctx context.Context, q *mp.Queue[order]) error {
	o, err := q.GetContext(ctx)
	if err != nil {
		return err
	}
	if want := (order{"first", map[string][]int{"a": {1, 2}, "b": nil}, o.Done}); !reflect.DeepEqual(o, want) {
		return fmt.Errorf("got %+v", o)
	}
	o.Done.Release()
	return nil
})

// A message that cannot be encoded is not put; one that cannot be decoded is taken, and those behind it follow.
func TestQueueEncodingFails(t *testing.T) {
	q := mp.NewQueue[any](3)
	if err := q.Put(func() {}); err == nil || q.Len() != 0 {
		t.Errorf("a func was put: %v", err)
	}
	spoilt := mp.NewQueue[spoils](3)
	for i := range spoils(3) {
		if err := spoilt.Put(i); err != nil {
			t.Fatal(err)
		}
	}
	spoilt.Shutdown()
	var got []string
	for v, err := range spoilt.All(context.Background()) {
		got = append(got, fmt.Sprint(int(v), err != nil && !errors.Is(err, queue.ErrShutDown)))
	}
	// The second says of itself that its queue was shut down, which is no reason to stop.
	if want := []string{"0 false", "0 false", "2 false"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
}

// spoils cannot be read if it is 1.
type spoils int

func (s spoils) MarshalBinary() ([]byte, error) { return []byte{byte(s)}, nil }

func (s *spoils) UnmarshalBinary(b []byte) error {
	if b[0] == 1 {
		return queue.ErrShutDown
	}
	*s = spoils(b[0])
	return nil
}

func TestNewQueueRefuses(t *testing.T) {
	for want, f := range map[string]func(){
		"is of type chan int":  func() { mp.NewQueue[struct{ C chan int }](0) },
		"RingBytes(-1)":        func() { mp.NewQueue[int](0, mp.RingBytes(-1)) },
		"RingBytes(4294967297": func() { mp.NewQueue[int](0, mp.RingBytes(1<<32+1)) },
		"4194304 messages":     func() { mp.NewQueue[int](1 << 22) },
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
	var q mp.Queue[[]string]
	b, err := mp.NewQueue[[]int](0).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if err := q.UnmarshalBinary(b); err == nil || !strings.Contains(err.Error(), "Queue[[]int], not a Queue[[]string]") {
		t.Errorf("opened as another type: %v", err)
	}
}

// Processes that wait are told, whether for a message or for room.
func TestQueueShutdownBetweenProcesses(t *testing.T) {
	for _, put := range []bool{false, true} {
		for _, now := range []bool{false, true} {
			q, g := mp.NewQueue[int](1), newGate()
			if put {
				if err := q.Put(0); err != nil {
					t.Fatal(err)
				}
			}
			a, b := start(t, refusedOne(q, put, g)), start(t, refusedOne(q, put, g))
			g.wait(t, 2)
			if now {
				q.ShutdownNow()
			} else {
				q.Shutdown()
			}
			for _, p := range []*mp.Process{a, b} {
				within(t, 5*time.Second, "a waiter is told", func() {
					if err := p.Join(); !errors.Is(err, queue.ErrShutDown) {
						t.Errorf("put %v, now %v: got %v", put, now, err)
					}
				})
			}
		}
	}
}

// One of two who wait is killed, or stopped, perhaps after it was woken and before it ran. The other goes on.
func TestQueueWaiterIsLost(t *testing.T) {
	for _, put := range []bool{false, true} {
		for _, kill := range []bool{false, true} {
			t.Run(fmt.Sprintf("put %v, kill %v", put, kill), func(t *testing.T) { loseWaiter(t, put, kill) })
		}
	}
}

func loseWaiter(t *testing.T, put, kill bool) {
	q, done, g := mp.NewQueue[int](1), mp.NewSemaphore(0), newGate()
	wait, serve := getOne, func() error { return q.Put(1) }
	if put {
		wait, serve = putOne, func() error { _, err := q.Get(); return err }
		if err := q.Put(0); err != nil {
			t.Fatal(err)
		}
	}
	first := start(t, wait(q, done, g))
	g.wait(t, 1)
	if err := first.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	start(t, wait(q, done, g))
	g.wait(t, 2)
	if err := serve(); err != nil {
		t.Fatal(err)
	}
	if kill {
		if err := first.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	within(t, 5*time.Second, "the other goes on", done.Acquire)
}

// A killed consumer leaves the rest; a killed producer's messages outlive it.
func TestQueueOutlivesItsProducer(t *testing.T) {
	q := mp.NewQueue[parcel](0)
	p := start(t, sendAndHang(q))
	if v, err := q.Get(); err != nil || v.Number != 0 {
		t.Fatal(v, err)
	}
	within(t, 20*time.Second, "all are put", func() {
		for q.Len() < 9 {
			runtime.Gosched()
		}
	})
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		if v, err := q.Get(); err != nil || v.Number != i+1 || v.check() != nil {
			t.Errorf("got %v, %v", v, err)
		}
	}
}

var sendAndHang = mp.Proc(func(ctx context.Context, q *mp.Queue[parcel]) error {
	for i := range 10 {
		if err := q.Put(parcel{0, i, bytes.Repeat([]byte{byte(i)}, 1000)}); err != nil {
			return err
		}
	}
	select {}
})

// A queue's memory comes back with its last handle, messages or not.
func TestQueueIsFreed(t *testing.T) {
	for range 20 {
		q := mp.NewQueue[int](0, mp.Name("freed queue"))
		if err := q.Put(1); err != nil {
			t.Fatal(err)
		}
	}
	shrinks(t, "freed queue", 0)
}
