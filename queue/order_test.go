package queue

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// Each order beside a slice that does the same the slow way.
func TestOrders(t *testing.T) {
	type item struct{ priority, number int }
	first := func([]item) int { return 0 }
	last := func(is []item) int { return len(is) - 1 }
	least := func(is []item) int {
		at := 0
		for i := range is { // of equals the first
			if is[i].priority < is[at].priority {
				at = i
			}
		}
		return at
	}
	for _, c := range []struct {
		name  string
		order order[item]
		next  func([]item) int
	}{
		{"fifo", new(fifo[item]), first},
		{"lifo", new(lifo[item]), last},
		{"priority", &heap[item]{compare: func(a, b item) int { return cmp.Compare(a.priority, b.priority) }}, least},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var model []item
			for n := range 20_000 {
				if n == 15_000 {
					c.order.drop()
					model = nil
				}
				// It swings between empty and a few thousand: resizes in both directions, with the head anywhere.
				if grow := n/2500%2 == 0; len(model) == 0 || r.IntN(4) == 0 != grow {
					v := item{r.IntN(50), n}
					c.order.push(v)
					model = append(model, v)
					continue
				}
				at := c.next(model)
				if got := c.order.pop(); got != model[at] {
					t.Fatalf("after %d steps %v came out, expected %v of %d", n, got, model[at], len(model))
				}
				model = slices.Delete(model, at, at+1)
			}
		})
	}
}

// A queue that was long for a while gives its memory back.
func TestShrinks(t *testing.T) {
	const long = 1 << 16
	f, l, h := new(fifo[int]), new(lifo[int]), &heap[int]{compare: cmp.Compare[int]}
	for name, c := range map[string]struct {
		order[int]
		places func() int
	}{
		"fifo":     {f, func() int { return len(f.places) }},
		"lifo":     {l, func() int { return len(l.places) }},
		"priority": {h, func() int { return cap(h.entries) }},
	} {
		for i := range long {
			c.push(i)
		}
		for range long {
			c.pop()
		}
		if n := c.places(); n > kept {
			t.Errorf("%s keeps %d places for no items", name, n)
		}
	}
}

func TestEqualPrioritiesKeepTheirOrder(t *testing.T) {
	type job struct{ priority, number int }
	q := NewPriority(0, func(a, b job) int { return cmp.Compare(a.priority, b.priority) })
	for i := range 300 {
		if err := q.Put(job{i % 3, i}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 300 {
		want := job{i / 100, i%100*3 + i/100}
		if got, err := q.Get(); got != want || err != nil {
			t.Fatalf("got %v, %v, expected %v", got, err, want)
		}
	}
}
