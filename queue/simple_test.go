package queue

import (
	"runtime"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/multiproc/mp/internal/conform"
)

func TestSimpleQueue(t *testing.T) {
	conform.SimpleQueue(t, conform.QueuePlace[conform.SimpleQueuer]{
		New: func(*testing.T, int) conform.SimpleQueuer { return NewSimple[int]() },
	})
}

func TestSimpleQueueInABubble(t *testing.T) {
	conform.SimpleQueue(t, bubble(func(*testing.T, int) conform.SimpleQueuer { return new(SimpleQueue[int]) }))
}

// A queue keeps nothing of what has left it. CPython: test_references
func TestReferences(t *testing.T) {
	type object struct {
		number int
		self   *object // with a pointer in it, it shares its memory with no other
	}
	queues := map[string]*Queue[*object]{
		"fifo": New[*object](0), "lifo": NewLifo[*object](0),
		"priority": NewPriority(0, func(a, b *object) int { return a.number - b.number }),
	}
	for name, q := range queues {
		t.Run(name, func(t *testing.T) {
			var left []weak.Pointer[object]
			for i := range 40 {
				v := &object{number: i * 17 % 40}
				v.self = v
				if i < 20 {
					left = append(left, weak.Make(v))
				}
				if err := q.Put(v); err != nil {
					t.Fatal(err)
				}
			}
			for range 40 {
				if _, err := q.Get(); err != nil {
					t.Fatal(err)
				}
			}
			runtime.GC()
			for i, w := range left {
				if w.Value() != nil {
					t.Errorf("item %d is still referred to", i)
				}
			}
			runtime.KeepAlive(q)
		})
	}
}

// Python's put may interrupt another put, from __del__. Go's cleanups have a goroutine of their own, which may put
// while others put. CPython: test_reentrancy
func TestPutFromACleanup(t *testing.T) {
	type object struct{ self *object }
	const objects = 300
	q := NewSimple[int]()
	var number atomic.Int64
	for range objects {
		o := new(object)
		o.self = o
		runtime.AddCleanup(o, func(*atomic.Int64) { _ = q.Put(int(number.Add(1))) }, &number)
		_ = q.Put(int(number.Add(1)))
	}
	sum := 0
	for range 2 * objects {
		if q.Len() == 0 {
			runtime.GC()
		}
		v, err := q.Get()
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	if want := objects * (2*objects + 1); sum != want {
		t.Errorf("the items add up to %d, expected %d", sum, want)
	}
}
