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

var (
	// work does what comes until the queue is shut down, and counts it.
	work = mp.Func(func(ctx context.Context, q *mp.JoinableQueue[parcel]) (n int, err error) {
		for m, err := range q.All(ctx) {
			if err = errors.Join(err, m.Value.check()); err != nil {
				return n, err
			}
			n++
			m.TaskDone()
		}
		return n, nil
	})
	sendTasks = mp.Proc2(func(ctx context.Context, q *mp.JoinableQueue[parcel], l load) error {
		for i := range l.N {
			p := parcel{l.From, i, bytes.Repeat([]byte{byte(i)}, i*37%(l.Most+1))}
			if err := q.PutContext(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	// hoardTasks gets n messages and hangs with them in hand.
	hoardTasks = mp.Proc3(func(ctx context.Context, q *mp.JoinableQueue[int], n int, g gate) error {
		var all []mp.Message[int]
		for range n {
			m, err := q.GetContext(ctx)
			if err != nil {
				return err
			}
			all = append(all, m)
		}
		g.pass()
		<-ctx.Done()
		runtime.KeepAlive(all)
		return nil
	})
	// takeOver does one, and says what it was.
	takeOver = mp.Func2(func(ctx context.Context, q *mp.JoinableQueue[int], g gate) ([2]int, error) {
		g.pass()
		m, err := q.GetContext(ctx)
		if err != nil {
			return [2]int{}, err
		}
		m.TaskDone()
		return [2]int{m.Value, m.Delivery}, nil
	})
	joinTasks = mp.Proc2(func(ctx context.Context, q *mp.JoinableQueue[int], g gate) error {
		g.pass()
		return q.JoinContext(ctx)
	})
)

// CPython's test_task_done, and more of it: several put and several work, and Join returns when all is done.
func TestJoinableQueueBetweenProcesses(t *testing.T) {
	const producers, consumers, each = 3, 3, 200
	for _, c := range []struct{ max, most int }{{2, 100}, {0, 9000}} {
		q := mp.NewJoinableQueue[parcel](c.max, mp.RingBytes(100_000), mp.Name("jobs"))
		type outcome struct {
			n   int
			err error
		}
		outcomes := make(chan outcome)
		for range consumers {
			go func() {
				n, err := mp.Run(context.Background(), work(q))
				outcomes <- outcome{n, err}
			}()
		}
		var senders mp.Group
		for i := range producers {
			senders.Start(context.Background(), sendTasks(q, load{i, each, c.most}))
		}
		if err := senders.Join(); err != nil {
			t.Error(err)
		}
		within(t, 20*time.Second, "all is done", q.Join)
		q.Shutdown()
		sum := 0
		for range consumers {
			o := <-outcomes
			if o.err != nil {
				t.Error(o.err)
			}
			sum += o.n
		}
		if sum != producers*each || q.Len() != 0 {
			t.Errorf("%d messages were done, of %d, and %d are left", sum, producers*each, q.Len())
		}
	}
}

func putInts(t *testing.T, q *mp.JoinableQueue[int], vs ...int) {
	t.Helper()
	for _, v := range vs {
		if err := q.Put(v); err != nil {
			t.Fatal(err)
		}
	}
}

// expectMessages gets and does these: values and deliveries.
func expectMessages(t *testing.T, q *mp.JoinableQueue[int], want ...[2]int) {
	t.Helper()
	var got [][2]int
	for range want {
		m, err := q.Get()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, [2]int{m.Value, m.Delivery})
		m.TaskDone()
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
}

// Messages of all lengths, and those that never fit. The bytes that wait are bounded.
func TestJoinableQueueBytes(t *testing.T) {
	q := mp.NewJoinableQueue[[]byte](0, mp.RingBytes(1<<16), mp.Name("blobs"))
	const most = 1<<16 - 48
	for _, n := range []int{0, 1, 100, 2900, 3000, 3100, 20_000, most} {
		want := bytes.Repeat([]byte{byte(n)}, n)
		if err := q.Put(want); err != nil {
			t.Fatal(err)
		}
		m, err := q.Get()
		if err != nil || !bytes.Equal(m.Value, want) {
			t.Fatalf("%d bytes: %d came, %v", n, len(m.Value), err)
		}
		m.TaskDone()
	}
	err := q.Put(make([]byte, most+1))
	if e, ok := errors.AsType[*mp.MessageSizeError](err); !ok || e.Size != most+1 || e.Most != most ||
		err.Error() != `mp: a message of 65489 bytes is too long for queue "blobs", which takes 65488: make it with RingBytes(65537)` {
		t.Errorf("got %v", err)
	}
	for range 4 {
		if err := q.TryPut(make([]byte, 16_000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.TryPut(make([]byte, 2000)); !errors.Is(err, queue.ErrFull) {
		t.Errorf("more than its bytes: %v", err)
	}
}

// A slow consumer does not fill the arena; what long messages took comes back; and all of it with the last handle.
func TestJoinableQueueMemory(t *testing.T) {
	func() {
		q := mp.NewJoinableQueue[[]byte](0, mp.RingBytes(1<<20), mp.Name("freed jobs"))
		n := 0
		for ; q.TryPut(make([]byte, n*617%9000)) == nil; n++ {
		}
		if used := memory(t, "freed jobs"); n < 100 || used < 1<<20 || used > 5<<19 {
			t.Errorf("%d messages of 1 MiB take %d bytes", n, used)
		}
		for range n {
			m, err := q.Get()
			if err != nil {
				t.Fatal(err)
			}
			m.TaskDone()
		}
		if used := memory(t, "freed jobs"); used > 1<<20 {
			t.Errorf("%d bytes are left with those of long messages gone", used)
		}
		s := mp.NewSimpleQueue[[]byte](mp.Name("freed jobs"))
		for i := range 100 {
			if err := s.Put(make([]byte, i*1000)); err != nil {
				t.Fatal(err)
			}
		}
		for range 50 {
			if _, err := s.Get(); err != nil {
				t.Fatal(err)
			}
		}
	}()
	shrinks(t, "freed jobs", 0)
}

// A message that cannot be decoded is done, and those behind it follow.
func TestJoinableQueueEncodingFails(t *testing.T) {
	q := mp.NewJoinableQueue[any](3)
	if err := q.Put(func() {}); err == nil || q.Len() != 0 {
		t.Errorf("a func was put: %v", err)
	}
	spoilt := mp.NewJoinableQueue[spoils](3)
	for i := range spoils(3) {
		if err := spoilt.Put(i); err != nil {
			t.Fatal(err)
		}
	}
	spoilt.Shutdown()
	var got []string
	for m, err := range spoilt.All(context.Background()) {
		got = append(got, fmt.Sprint(int(m.Value), err == nil))
		if err == nil {
			m.TaskDone()
		}
	}
	if want := []string{"0 true", "0 false", "2 true"}; !slices.Equal(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
	spoilt.Join()
}

// Joiners of other processes see the end of the work, though there is new work at once.
func TestJoinSeesAShortEnd(t *testing.T) {
	q, g := mp.NewJoinableQueue[int](0), newGate()
	putInts(t, q, 1)
	a, b := start(t, joinTasks(q, g)), start(t, joinTasks(q, g))
	g.wait(t, 2)
	eye := looker(t)
	within(t, 10*time.Second, "both sleep", func() {
		for asleep := 0; asleep < 2; runtime.Gosched() {
			s, err := eye.Snapshot()
			if err != nil {
				t.Error(err)
				return
			}
			asleep = 0
			for _, p := range s.Processes {
				if (p.PID == a.PID() || p.PID == b.PID()) && len(p.Waits) > 0 {
					asleep++
				}
			}
		}
	})
	expectMessages(t, q, [2]int{1, 1})
	putInts(t, q, 2)
	for _, p := range []*mp.Process{a, b} {
		within(t, 5*time.Second, "a joiner goes on", func() {
			if err := p.Join(); err != nil {
				t.Error(err)
			}
		})
	}
}
