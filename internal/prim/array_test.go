package prim

import (
	"testing"

	"github.com/multiproc/mp/internal/park"
)

// elements is an array of two words each, in this process.
type elements struct {
	Array
	slip  [2]int
	all   [3][2]int
	redos int
}

func (e *elements) redo(i uint64) {
	e.redos++
	e.all[i] = e.slip
}

// TestArrayDied: wherever the holder dies, the array is at rest, or abandoned with Seq odd.
func TestArrayDied(t *testing.T) {
	const dead, alive = 7, 9
	for _, c := range []struct {
		name     string
		tearable bool
		before   func(e *elements)
		want     [2]int // element 1
		torn     bool   // noted
		gone     bool   // abandoned
	}{
		{"with the lock", false, func(e *elements) { e.slip = [2]int{5, 5} }, [2]int{1, 1}, false, false},
		{"deciding", false, func(e *elements) { e.slip = [2]int{5, 5}; e.Changes = 2 }, [2]int{1, 1}, false, false},
		{"decided", false, func(e *elements) { e.slip = [2]int{5, 5}; e.Decide(1) }, [2]int{5, 5}, false, false},
		{"copying", false, func(e *elements) { e.slip = [2]int{5, 5}; e.Decide(1); e.all[1][0] = 5 }, [2]int{5, 5}, false, false},
		{"copied", false, func(e *elements) { e.slip = [2]int{5, 5}; e.Decide(1); e.all[1] = e.slip }, [2]int{5, 5}, false, false},
		{"done", false, func(e *elements) { e.slip = [2]int{5, 5}; e.Decide(1); e.all[1] = e.slip; e.Copied() }, [2]int{5, 5}, false, false},
		{"before a section", true, func(*elements) {}, [2]int{1, 1}, true, true},
		{"in a section", true, func(e *elements) { e.Enter(); e.all[1][0] = 5 }, [2]int{5, 1}, true, true},
		{"after a section", true, func(e *elements) { e.Enter(); e.Leave() }, [2]int{1, 1}, true, true},
		{"in a section that is released", false, func(e *elements) { e.Enter(); e.all[1][0] = 5 }, [2]int{5, 1}, true, false},
		{"after a section that is released", false, func(e *elements) { e.Enter(); e.Leave() }, [2]int{1, 1}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &elements{all: [3][2]int{{0, 0}, {1, 1}, {2, 2}}}
			e.Lock.TryLock(Holder(dead, c.tearable))
			c.before(e)
			noted := 0
			for range 2 { // a sweeper that died as it had finished
				e.Died(dead, &park.Heap, e.redo, func() { noted++ })
			}
			ok, err := e.Lock.TryLockSlow(Holder(alive, false))
			if ok == c.gone || (err == ErrAbandoned) != c.gone || (noted == 1) != c.torn {
				t.Errorf("lock: %v, %v; noted %d times", ok, err, noted)
			}
			if _, whole := e.Whole(); e.all[1] != c.want || whole != (c.name != "in a section") {
				t.Errorf("element %v, seq %d", e.all[1], e.Seq.Load())
			}
			if e.Enter(); e.Seq.Load()&1 == 0 {
				t.Error("a section is not told of")
			}
		})
	}
}

// TestArraySweptTwice: a sweeper may die between any two of its stores, and readers never find an element that changes
// beside an even Seq.
func TestArraySweptTwice(t *testing.T) {
	e := &elements{slip: [2]int{5, 5}}
	e.Lock.TryLock(Holder(7, false))
	e.Decide(2)
	died := func(then func()) (p any) {
		defer func() { p = recover() }()
		e.Died(7, &park.Heap, func(i uint64) {
			if _, whole := e.Whole(); whole {
				t.Error("redone beside an even Seq")
			}
			e.redo(i)
			then()
		}, func() { t.Error("noted") })
		return nil
	}
	if died(func() { panic("killed") }) == nil || died(func() {}) != nil {
		t.Error("no second sweep")
	}
	if _, whole := e.Whole(); !whole || e.redos != 2 || e.all[2] != e.slip {
		t.Errorf("%+v", e)
	}
}
