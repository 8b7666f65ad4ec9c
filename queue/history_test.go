package queue

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// What goroutines saw of a queue must be what a queue without any concurrency would have shown them, in some order of
// their calls: puts that waited, gets that were given up, batches, and a shutdown among them.

type (
	queueState struct {
		items string // a byte each, in the order of their puts
		shut  bool
	}
	queueCall   struct{ verb, v byte }
	queueResult struct {
		v   byte
		err error
	}
)

const historyLimit = 2

// next is which item of a queue's state comes first, by kind.
var next = map[string]func(items string) int{
	"fifo": func(string) int { return 0 },
	"lifo": func(items string) int { return len(items) - 1 },
	"priority": func(items string) int {
		b := []byte(items)
		return slices.Index(b, slices.Min(b))
	},
}

// queueModel is the specification of a Queue.
func queueModel(next func(items string) int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return queueState{} },
		Step: func(state, in, out any) (bool, any) {
			s, c, r := state.(queueState), in.(queueCall), out.(queueResult)
			gets := c.verb == 'g' || c.verb == 'G'
			switch {
			case c.verb == 's':
				return true, queueState{s.items, true}
			case r.err == context.Canceled:
				return true, s // it did nothing
			case r.err == ErrShutDown:
				return s.shut && (!gets || s.items == ""), s
			case r.err == ErrEmpty:
				return s.items == "" && !s.shut, s
			case r.err == ErrFull:
				return len(s.items) == historyLimit && !s.shut, s
			case !gets:
				return len(s.items) < historyLimit && !s.shut, queueState{s.items + string(rune(c.v)), s.shut}
			case s.items == "":
				return false, s
			}
			at := next(s.items)
			return s.items[at] == r.v, queueState{s.items[:at] + s.items[at+1:], s.shut}
		},
	}
}

// history records what some goroutines do to a queue.
func history(q *Queue[byte], seed uint64) (done []porcupine.Operation) {
	const goroutines, calls = 5, 20
	var wg sync.WaitGroup
	var mu sync.Mutex
	for g := range goroutines {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(g)))
			for i := range calls {
				c := queueCall{"ppPggGG"[r.IntN(7)], byte(r.IntN(120))}
				if g == 0 && i == calls-1 {
					c.verb = 's'
				}
				begin := time.Since(epoch)
				result := makeCall(q, c)
				op := porcupine.Operation{ClientId: g, Input: c, Call: int64(begin), Output: result, Return: int64(time.Since(epoch))}
				mu.Lock()
				done = append(done, op)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return done
}

var epoch = time.Now()

// makeCall tries with a small letter, and waits with a capital, for as long as another goroutine lets it.
func makeCall(q *Queue[byte], c queueCall) (r queueResult) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch c.verb {
	case 'p':
		r.err = q.TryPut(c.v)
	case 'g':
		r.v, r.err = q.TryGet()
	case 's':
		q.Shutdown()
	case 'P':
		go cancel()
		r.err = q.PutContext(ctx, c.v)
	case 'G':
		go cancel()
		r.v, r.err = q.GetContext(ctx)
	}
	return r
}

func TestHistories(t *testing.T) {
	for _, k := range []struct {
		name string
		make func() *Queue[byte]
	}{
		{"fifo", func() *Queue[byte] { return New[byte](historyLimit) }},
		{"lifo", func() *Queue[byte] { return NewLifo[byte](historyLimit) }},
		{"priority", func() *Queue[byte] { return NewPriority(historyLimit, func(a, b byte) int { return int(a) - int(b) }) }},
	} {
		t.Run(k.name, func(t *testing.T) {
			for seed := range uint64(60) {
				h := history(k.make(), seed)
				if r := porcupine.CheckOperationsTimeout(queueModel(next[k.name]), h, 20*time.Second); r != porcupine.Ok {
					t.Fatalf("seed %d: %s: %v", seed, r, h)
				}
			}
		})
	}
	// A checker that has never refused anything proves nothing.
	refused := 0
	for seed := range uint64(20) {
		if h := history(New[byte](historyLimit), seed); !porcupine.CheckOperations(queueModel(next["lifo"]), h) {
			refused++
		}
	}
	if refused == 0 {
		t.Error("a queue that is first in first out passes for one that is last in first out")
	}
}
