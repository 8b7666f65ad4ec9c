//go:build linux

package tasks

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/multiproc/mp/internal/refusal"
)

// job is a message as it should be.
type job struct {
	body  []byte
	turns uint64
	who   uint32 // that has it in hand; 0: it waits
	cell  uint64
}

// model is a queue, and the jobs of it that are not done, in the order of their puts.
type model struct {
	*heap
	jobs  []*job
	puts  uint64
	zeros uint64
}

func newModel(t testing.TB, most, mostBytes uint64) *model {
	return &model{heap: newHeap(t, most, mostBytes)}
}

func (m *model) put(id uint32, n int) {
	m.t.Helper()
	m.puts++
	body := bytes.Repeat([]byte{byte(m.puts)}, n)
	if err := m.q().TryPut(m.user(id), body); err != nil {
		m.t.Fatalf("put %d: %v", m.puts, err)
	}
	m.jobs = append(m.jobs, &job{body: body})
}

// first is the first that waits; nil: none does.
func (m *model) first() *job {
	for _, j := range m.jobs {
		if j.who == 0 {
			return j
		}
	}
	return nil
}

// take has a process get the next one, which must be the right one.
func (m *model) take(id uint32) *job {
	m.t.Helper()
	u, j := m.user(id), m.first()
	at, err := m.q().TryTake(u)
	if j == nil {
		if err != refusal.ErrEmpty {
			m.t.Fatalf("nothing waits, and a get says %v", err)
		}
		return nil
	}
	if err != nil {
		m.t.Fatal(err)
	}
	j.who, j.cell = id, at
	j.turns++
	if msg, turns := u.Message(at); !bytes.Equal(msg, j.body) || turns != j.turns {
		m.t.Fatalf("got %d bytes %.10x, delivery %d; expected %d bytes %.10x, delivery %d", len(msg), msg, turns, len(j.body), j.body, j.turns)
	}
	return j
}

// pull has a process take the next one away.
func (m *model) pull(id uint32) {
	m.t.Helper()
	j := m.first()
	b, err := m.q().TryPull(m.puller(id), []byte("x"))
	switch {
	case j == nil && err == refusal.ErrEmpty && string(b) == "x":
	case j == nil || err != nil || !bytes.Equal(b[1:], j.body) || b[0] != 'x':
		m.t.Fatalf("pulled %d bytes, %v", len(b), err)
	default:
		m.forget(j)
	}
}

func (m *model) done(j *job) {
	m.q().Done(m.user(j.who), j.cell)
	m.forget(j)
}

func (m *model) forget(j *job) {
	m.jobs = slices.DeleteFunc(m.jobs, func(other *job) bool { return other == j })
	if len(m.jobs) == 0 {
		m.zeros++
	}
}

func (m *model) putBack(j *job) {
	m.q().PutBack(m.user(j.who), j.cell)
	j.who = 0
}

func (m *model) died(id uint32) {
	for _, j := range m.jobs {
		if j.who == id {
			j.who = 0
		}
	}
	m.heap.died(id)
}

// inHand is one that a process has in hand, at random; nil: it has none.
func (m *model) inHand(r *rand.Rand, id uint32) (j *job) {
	n := 0
	for _, other := range m.jobs {
		if other.who != id {
			continue
		}
		if n++; r.IntN(n) == 0 {
			j = other
		}
	}
	return j
}

// check looks at all that the queue says of itself.
func (m *model) check() {
	m.t.Helper()
	q, waiting, size := m.q(), 0, uint64(0)
	for _, j := range m.jobs {
		if j.who == 0 {
			waiting++
			size += takes(uint64(len(j.body)))
		}
	}
	if q.Waiting() != waiting || q.Bytes != size || q.Puts != m.puts || q.unfinished() != uint64(len(m.jobs)) || q.Zeros != m.zeros {
		m.t.Fatalf("%d messages of %d bytes wait, %d of %d are gone, none was left %d times; expected %d of %d bytes, %d of %d, %d",
			q.Waiting(), q.Bytes, q.Gone, q.Puts, q.Zeros, waiting, size, m.puts-uint64(len(m.jobs)), m.puts, m.zeros)
	}
	if (q.First == 0) != (waiting == 0) || (q.Last == 0) != (waiting == 0) {
		m.t.Fatalf("first %#x, last %#x, with %d messages", q.First, q.Last, waiting)
	}
	if fault := q.Slab.Check(); fault != "" {
		m.t.Fatal(fault)
	}
	if id, _ := q.Slab.Lock.HeldBy(); id != 0 {
		m.t.Fatal("the lock is held")
	}
}

var sizes = []int{0, 1, 8, 100, 1000, 3000, 3100, 9000}

// TestModel does what there is to do, at random, as five processes that die now and then.
func TestModel(t *testing.T) {
	for seed := range uint64(20) {
		m, r := newModel(t, 0, 0), rand.New(rand.NewPCG(seed, 1))
		for range 600 {
			id := 1 + r.Uint32N(5)
			switch j, what := m.inHand(r, id), r.IntN(20); {
			case what < 6:
				m.put(id, sizes[r.IntN(len(sizes))])
			case what < 12:
				m.take(id)
			case what < 13:
				m.pull(id)
			case what < 14 && r.IntN(2) == 0:
				m.died(id)
			case j != nil && what < 17:
				m.putBack(j)
			case j != nil:
				m.done(j)
			}
			m.check()
		}
		for id := range uint32(5) {
			m.died(id + 1)
		}
		m.check()
		for j := m.first(); j != nil; j = m.first() {
			m.done(m.take(6))
		}
		m.check()
		if large := len(m.extents); m.q().Slab.Trash != 0 || large > 20 {
			t.Errorf("seed %d: %d extents are left", seed, large)
		}
	}
}

// TestBack: what comes back is before all that were never delivered, in the order of the puts, whoever gives it back when.
func TestBack(t *testing.T) {
	m := newModel(t, 0, 0)
	for n := range 8 {
		m.put(1, n)
	}
	var by [6]*job
	for n, id := range []uint32{2, 3, 2, 3, 2, 4} {
		by[n] = m.take(id)
	}
	m.putBack(by[3])
	m.check()
	m.died(2) // with the first, third and fifth
	m.check()
	m.died(2) // the sweep may come again
	m.check()
	m.putBack(by[5])
	for _, n := range []int{0, 2, 3, 4, 5, 6} {
		j := m.take(1)
		if len(j.body) != n {
			t.Fatalf("message %d came, expected %d", len(j.body), n)
		}
		m.done(j)
	}
	m.putBack(by[1])
	if j := m.take(1); len(j.body) != 1 || j.turns != 2 {
		t.Errorf("message %d came, delivery %d", len(j.body), j.turns)
	}
}

// TestHandOfAnother: the death of one process is none of those that live.
func TestHandOfAnother(t *testing.T) {
	m := newModel(t, 0, 0)
	m.put(1, 1)
	m.put(1, 2)
	a, b := m.take(2), m.take(3)
	m.died(3)
	if j := m.take(1); j != b {
		t.Error("the wrong message came back")
	}
	m.take(1) // nothing
	m.done(a)
	m.check()
}
