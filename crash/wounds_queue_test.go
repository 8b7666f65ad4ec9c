//go:build linux

package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

// TestWoundsOfQueues shows what TestWounds shows, of queues. Beside each row it shows what the same program does in the CPython that is
// installed (testdata/wounds_queue.py).
func TestWoundsOfQueues(t *testing.T) {
	wounds := []struct {
		name   string
		python string
		test   func(t *testing.T)
	}{
		{"87971 a queue is unusable after a producer was killed", "producer", queueOfDeadProducers},
		{"85880 a queue is unusable after a consumer was killed", "consumer", queueOfDeadConsumers},
		{"116400 join before the queue is drained hangs", "join", joinBeforeDrain},
		{"pebble 146 what cannot be encoded is lost in silence", "encode", cannotEncode},
		{"a message is encoded after put has returned", "mutate", changedAfterPut},
		{"a message is lost with the process that has put it", "die", outlivesItsProducer},
		{"an empty queue is full after a producer was killed", "full", fullIsFull},
		{"79492 a message that cannot be decoded", "decode", cannotDecode},
		{"get hangs when the other side has died", "other", otherSideDied},
	}
	beside := make(map[string]chan string)
	for _, w := range wounds { // they mostly wait
		said := make(chan string, 1)
		beside[w.python] = said
		go func() { said <- cpython(t.Context(), w.python) }()
	}
	for _, w := range wounds {
		t.Run(w.name, func(t *testing.T) {
			w.test(t)
			t.Log(<-beside[w.python])
		})
	}
}

// cpython is what the program prints that has the same aim.
func cpython(ctx context.Context, what string) string {
	python, err := exec.LookPath("python3")
	if err != nil {
		return "there is no python3 to compare with"
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	run := exec.CommandContext(ctx, python, filepath.Join("testdata", "wounds_queue.py"), what)
	run.WaitDelay = time.Second
	out, err := run.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("CPython: %v: %s", err, out)
	}
	return "CPython " + strings.TrimSpace(string(out))
}

var (
	putForEver = mp.Proc2(func(ctx context.Context, q *mp.Queue[[]byte], n int) error {
		for {
			if err := q.PutContext(ctx, bytes.Repeat([]byte{byte(n)}, n)); err != nil {
				return err
			}
		}
	})
	putOne = mp.Proc2(func(ctx context.Context, q *mp.Queue[[]byte], n int) error {
		return q.PutContext(ctx, bytes.Repeat([]byte{byte(n)}, n))
	})
	putAndDie = mp.Proc2(func(ctx context.Context, q *mp.Queue[[]byte], n int) error {
		if err := q.PutContext(ctx, bytes.Repeat([]byte{byte(n)}, n)); err != nil {
			return err
		}
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})
	getOne = mp.Func(func(ctx context.Context, q *mp.Queue[[]byte]) (int, error) {
		b, err := q.GetContext(ctx)
		return len(b), err
	})
)

func begin(t *testing.T, target mp.Target) *mp.Process {
	t.Helper()
	p := &mp.Process{Target: target}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

func killed(t *testing.T, p *mp.Process) {
	t.Helper()
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
}

// passes has another process put a message that a third gets.
func passes(t *testing.T, q *mp.Queue[[]byte]) {
	t.Helper()
	inTime(t, within, func() {
		begin(t, putOne(q, 99))
		if n, err := mp.Run(t.Context(), getOne(q)); err != nil || n != 99 {
			t.Errorf("got a message of %d bytes, %v", n, err)
		}
	})
}

func queueOfDeadProducers(t *testing.T) {
	const size = 200_000
	q := mp.NewQueue[[]byte](0)
	for range 10 {
		p := begin(t, putForEver(q, size))
		for range 10 {
			if b, err := q.Get(); err != nil || len(b) != size {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
		}
		killed(t, p)
		for q.Len() > 0 {
			if b, err := q.Get(); err != nil || !bytes.Equal(b, bytes.Repeat([]byte{size & 255}, size)) {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
		}
		passes(t, q)
	}
}

func queueOfDeadConsumers(t *testing.T) {
	look := lookAtSelf(t)
	defer func() { _ = look.Close() }()
	q := mp.NewQueue[[]byte](0, mp.Name("waited for"))
	for range 10 {
		p := begin(t, getOne(q))
		inTime(t, 10*within, func() {
			for !queueOf(t, look, "waited for").Getters {
				time.Sleep(100 * time.Microsecond)
			}
		})
		killed(t, p)
		passes(t, q)
	}
}

// joinBeforeDrain: what was put is in shared memory, and nothing of it in the process.
func joinBeforeDrain(t *testing.T) {
	const size = 1 << 20
	q := mp.NewQueue[[]byte](0, mp.RingBytes(8*size))
	p := begin(t, putOne(q, size))
	inTime(t, 10*within, func() {
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	})
	if b, err := q.TryGet(); err != nil || len(b) != size {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func cannotEncode(t *testing.T) {
	q := mp.NewQueue[any](0)
	if err := q.Put(func() {}); err == nil || !strings.Contains(err.Error(), "func()") {
		t.Errorf("a func was put: %v", err)
	}
	if err := q.Put(7); err != nil {
		t.Error(err)
	}
	if v, err := q.TryGet(); v != 7 || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
}

func changedAfterPut(t *testing.T) {
	q := mp.NewQueue[[]int](0)
	for i := range 200 {
		m := []int{i, i}
		if err := q.Put(m); err != nil {
			t.Fatal(err)
		}
		m[1] = -1
		if got, err := q.Get(); err != nil || !slices.Equal(got, []int{i, i}) {
			t.Fatalf("got %v, %v", got, err)
		}
	}
}

func outlivesItsProducer(t *testing.T) {
	q := mp.NewQueue[[]byte](0)
	for i := range 20 {
		_ = begin(t, putAndDie(q, i)).Join()
		if b, err := q.TryGet(); err != nil || len(b) != i {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	}
}

// fullIsFull: how many messages there are is one word, which moves with them.
func fullIsFull(t *testing.T) {
	q := mp.NewQueue[[]byte](1)
	for range 10 {
		_ = begin(t, putAndDie(q, 10)).Join()
		if err := q.TryPut(nil); !errors.Is(err, queue.ErrFull) {
			t.Fatalf("a message too many: %v", err)
		}
		p := begin(t, putForEver(q, 10)) // it waits for room, or is about to
		killed(t, p)
		if _, err := q.TryGet(); err != nil {
			t.Fatal(err)
		}
		if n := q.Len(); n != 0 {
			t.Fatalf("%d messages", n)
		}
		if err := q.TryPut(nil); err != nil {
			t.Fatalf("put into an empty queue: %v", err)
		}
		if _, err := q.TryGet(); err != nil {
			t.Fatal(err)
		}
	}
}

// sourLetter cannot be read at its end if it is 1, and panics there if it is 2.
type sourLetter int

func (s sourLetter) MarshalBinary() ([]byte, error) { return []byte{byte(s)}, nil }

func (s *sourLetter) UnmarshalBinary(b []byte) error {
	switch *s = sourLetter(b[0]); *s {
	case 1:
		return errors.New("sour")
	case 2:
		panic("boom")
	}
	return nil
}

// cannotDecode: the message is taken, who got it is told, and those behind it come.
func cannotDecode(t *testing.T) {
	q := mp.NewQueue[sourLetter](0)
	for i := range sourLetter(4) {
		if err := q.Put(i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range sourLetter(4) {
		func() {
			defer func() {
				if p := recover(); (p != nil) != (i == 2) {
					t.Errorf("message %d: panic: %v", i, p)
				}
			}()
			if v, err := q.TryGet(); (err != nil) != (i == 1) || err == nil && v != i {
				t.Errorf("message %d: %v, %v", i, v, err)
			}
		}()
	}
}

// otherSideDied: a queue has many sides, and who waits there waits for all of them, until its context ends. Whoever learns that there is
// nobody left who could put says so by Shutdown.
func otherSideDied(t *testing.T) {
	q := mp.NewQueue[[]byte](0)
	p := begin(t, putForEver(q, 10))
	ended := make(chan error, 1)
	go func() {
		for {
			if _, err := mp.Run(t.Context(), getOne(q)); err != nil {
				ended <- err
				return
			}
		}
	}()
	killed(t, p)
	q.ShutdownNow()
	inTime(t, 10*within, func() {
		if err := <-ended; !errors.Is(err, queue.ErrShutDown) {
			t.Error(err)
		}
	})
	wait, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	inTime(t, within, func() {
		if _, err := mp.NewQueue[int](0).GetContext(wait); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
