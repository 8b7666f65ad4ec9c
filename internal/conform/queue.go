package conform

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/refusal"
)

// SimpleQueuer is what every queue of this module is.
type SimpleQueuer interface {
	Put(v int) error
	Get() (int, error)
	GetContext(ctx context.Context) (int, error)
	TryGet() (int, error)
	Len() int
}

// Queuer is what every queue is that can be full and shut down.
type Queuer interface {
	SimpleQueuer
	PutContext(ctx context.Context, v int) error
	TryPut(v int) error
	All(ctx context.Context) iter.Seq2[int, error]
	Shutdown()
	ShutdownNow()
	Cap() int
}

// Batcher is a queue that moves many items at once.
type Batcher interface {
	Queuer
	PutMany(ctx context.Context, vs []int) (int, error)
	GetMany(ctx context.Context, vs []int) (int, error)
}

// Tasker is a queue that knows what is done of what was put.
type Tasker interface {
	Queuer
	TaskDone()
	Join()
	JoinContext(ctx context.Context) error
}

// QueuePlace says which queue its suites are run on, and where.
type QueuePlace[Q any] struct {
	New func(t *testing.T, max int) Q // max 0: no limit that a test would reach

	// Order is how 111, 333, 222 come out again; nil: like this.
	Order []int

	// InHand: only what was got can be done.
	InHand bool

	// In runs a test; nil: just so. In testing/synctest.Test waiting costs no time.
	In func(t *testing.T, test func(*testing.T))

	// Settle returns when all goroutines of the test sleep or have ended. nil: it lets others run for a while, so that
	// some cases may not see what they are meant to see; what they assert holds all the same.
	Settle func()
}

func (p QueuePlace[Q]) run(t *testing.T, name string, test func(t *testing.T, p QueuePlace[Q])) {
	t.Run(name, func(t *testing.T) {
		if p.In == nil {
			test(t, p)
			return
		}
		p.In(t, func(t *testing.T) { test(t, p) })
	})
}

func (p QueuePlace[Q]) settle() {
	if p.Settle != nil {
		p.Settle()
		return
	}
	for range 20 {
		runtime.Gosched()
	}
}

type (
	places     = QueuePlace[Queuer]
	taskPlaces = QueuePlace[Tasker]
)

// queueSize is CPython's QUEUE_SIZE.
const queueSize = 5

// Queue runs the contract of a queue; also that of batches, if it is a Batcher.
func Queue(t *testing.T, p QueuePlace[Queuer]) {
	for _, c := range []struct {
		name string // and CPython's name for it, test/test_queue.py
		test func(t *testing.T, p places)
	}{
		{"basic", queueBasic},                                   // test_basic
		{"no wait", queueNoWait},                                // test_nowait
		{"ended context", queueEndedContext},                    // test_negative_timeout_raises_exception
		{"shutdown of an empty queue", queueShutdownEmpty},      // test_shutdown_empty
		{"shutdown with an item", queueShutdownNonempty},        // test_shutdown_nonempty
		{"immediate shutdown", queueShutdownNow},                // test_shutdown_immediate
		{"shutdown twice", queueShutdownTwice},                  // test_shutdown_allowed_transitions
		{"shutdown with waiting getters", queueShutdownGetters}, // test_shutdown_pending_get
		{"shutdown and getters", queueShutdownGet},              // test_shutdown_get
		{"immediate shutdown and getters", queueShutdownNowGet}, // test_shutdown_immediate_get
		{"shutdown and putters", queueShutdownPut},              // test_shutdown_put
		{"immediate shutdown and putters", queueShutdownNowPut}, // test_shutdown_immediate_put
		{"Len and Cap", queueLenCap},                            // ours, and those that follow
		{"a wait ends with its context", queueTimeout},
		{"a cancelled getter gets nothing", queueCancelGet},
		{"a cancelled putter puts nothing", queueCancelPut},
		{"cancelled waiters eat nothing", queueCancelStorm},
		{"many goroutines", queueMany},
		{"All ends with the queue", queueAll},
		{"All ends with its context", queueAllContext},
		{"All is left", queueAllLeft},
	} {
		p.run(t, c.name, c.test)
	}
	if _, ok := p.New(t, 1).(Batcher); ok {
		batches(t, p)
	}
}

// A call is a method of a queue that was called in a goroutine of its own.
type call struct {
	done chan struct{}
	v    int
	err  error
}

// begin makes the call, and gives it the time to fall asleep.
func begin(settle func(), f func() (int, error)) *call {
	c := &call{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.v, c.err = f()
	}()
	settle()
	return c
}

func (p QueuePlace[Q]) get(q Queuer) *call { return begin(p.settle, q.Get) }

func (p QueuePlace[Q]) put(q Queuer, v int) *call {
	return begin(p.settle, func() (int, error) { return v, q.Put(v) })
}

// waits fails if the call has returned already.
func (c *call) waits(t *testing.T) {
	t.Helper()
	select {
	case <-c.done:
		t.Errorf("did not wait, but returned %d, %v", c.v, c.err)
	default:
	}
}

// returns waits for the call and compares its error.
func (c *call) returns(t *testing.T, want error) int {
	t.Helper()
	<-c.done
	expect(t, c.err, want)
	return c.v
}

func expect(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got the error %v, expected %v", got, want)
	}
}

func mustPut(t *testing.T, q SimpleQueuer, vs ...int) {
	t.Helper()
	for _, v := range vs {
		expect(t, q.Put(v), nil)
	}
}

func mustGet(t *testing.T, q SimpleQueuer, want ...int) {
	t.Helper()
	for _, w := range want {
		if v, err := q.Get(); v != w || err != nil {
			t.Errorf("got %d, %v, expected %d", v, err, w)
		}
	}
}

func drain(t *testing.T, q SimpleQueuer, n int) {
	t.Helper()
	for range n {
		_, err := q.Get()
		expect(t, err, nil)
	}
	_, err := q.TryGet()
	expect(t, err, refusal.ErrEmpty)
}

func short() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Millisecond)
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func queueBasic(t *testing.T, p places) {
	q := p.New(t, queueSize)
	for range 2 { // the same queue can be used again
		basicOnce(t, p, q)
	}
}

func basicOnce(t *testing.T, p places, q Queuer) {
	mustPut(t, q, 111, 333, 222)
	want := p.Order
	if want == nil {
		want = []int{111, 333, 222}
	}
	mustGet(t, q, want...)
	for i := range queueSize {
		if n := q.Len(); n != i {
			t.Errorf("Len is %d after %d puts", n, i)
		}
		mustPut(t, q, i)
	}
	expect(t, q.TryPut(99), refusal.ErrFull)
	ctx, cancel := short()
	expect(t, q.PutContext(ctx, 99), context.DeadlineExceeded)
	cancel()
	for range 2 {
		blocked := p.put(q, 5)
		blocked.waits(t)
		_, err := q.Get()
		expect(t, err, nil)
		blocked.returns(t, nil)
	}
	drain(t, q, queueSize)
	ctx, cancel = short()
	_, err := q.GetContext(ctx)
	expect(t, err, context.DeadlineExceeded)
	cancel()
	for range 2 {
		blocked := p.get(q)
		blocked.waits(t)
		mustPut(t, q, 7)
		if v := blocked.returns(t, nil); v != 7 {
			t.Errorf("got %d, expected 7", v)
		}
	}
}

func queueNoWait(t *testing.T, p places) {
	q := p.New(t, queueSize)
	for range queueSize {
		expect(t, q.TryPut(1), nil)
	}
	expect(t, q.TryPut(1), refusal.ErrFull)
	for range queueSize {
		_, err := q.TryGet()
		expect(t, err, nil)
	}
	_, err := q.TryGet()
	expect(t, err, refusal.ErrEmpty)
}

// An ended context is the nearest to a negative timeout; it is no misuse, as it may have ended just now.
func queueEndedContext(t *testing.T, p places) {
	q := p.New(t, 1)
	_, err := q.GetContext(ended())
	expect(t, err, context.Canceled)
	expect(t, q.PutContext(ended(), 1), nil) // what can be had at once is had
	expect(t, q.PutContext(ended(), 2), context.Canceled)
	v, err := q.GetContext(ended())
	expect(t, err, nil)
	if v != 1 || q.Len() != 0 {
		t.Errorf("got %d, and %d are left", v, q.Len())
	}
}

func queueLenCap(t *testing.T, p places) {
	q := p.New(t, 3)
	if q.Cap() != 3 || q.Len() != 0 {
		t.Errorf("an empty queue of 3 has Len %d and Cap %d", q.Len(), q.Cap())
	}
	mustPut(t, q, 1, 2)
	if q.Cap() != 3 || q.Len() != 2 {
		t.Errorf("a queue of 3 with 2 items has Len %d and Cap %d", q.Len(), q.Cap())
	}
}
