//go:build mpfail

package arena

import (
	"fmt"
	"testing"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/redo"
	"github.com/multiproc/mp/internal/sys"
)

// The memory at the moment of a death is all that a death leaves. So a failpoint needs no process to kill
// here: the memory is copied at the step, the rest of the operation is of no interest, and a survivor
// sweeps the copy. The sweep is killed at each of its steps in the same way, and swept by another.

// memoryAt runs f until its n-th step and gives the memory at that step; nil if f ends before.
func memoryAt(t *testing.T, a *Arena, n int, f func()) (copied *Arena, step string) {
	t.Helper()
	defer failpoint.Disarm()
	defer func() {
		if r := recover(); r != nil && copied == nil {
			panic(r)
		}
	}()
	failpoint.Arm(n, func(at string) {
		copied, step = duplicate(t, a), at
		panic("killed")
	})
	f()
	return nil, ""
}

func duplicate(t *testing.T, a *Arena) *Arena {
	t.Helper()
	f, err := sys.NewMemory("mp-arena", int64(a.size))
	if err != nil {
		t.Fatal(err)
	}
	b, err := mapped(f, int64(a.size))
	if err != nil {
		t.Fatal(err)
	}
	pages := func(from Offset, n uint64) { copy(b.Bytes(from, n), a.Bytes(from, n)) }
	copy(b.Bytes(8, PageSize), a.Bytes(8, PageSize)) // 0 is no offset
	b.Header().Magic.Store(Magic)
	pages(tableAt, uint64(a.Header().Top.Load())*slotSize)
	pages(heapAt, PageSize)
	pages(directory, PageSize)
	pages(spansAt, PageSize)
	pages(a.spanAt(0), a.Heap().Unused*SpanSize)
	return b
}

// survivor enters an arena that was copied.
func survivor(t *testing.T, a *Arena) {
	t.Helper()
	life, slot, err := a.Claim(0, "survivor")
	if err == nil {
		err = a.enter(life, slot, true)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// scene is a heap in a certain state.
type scene struct {
	t       *testing.T
	a       *Arena
	roots   []*uint64
	witness uint32 // a slot that holds the table of roots beyond the death of a; nobody looks at it
	o       *Object
	extents []Offset
}

// acts are what a process is killed at. prepare may be nil.
var acts = []struct {
	name         string
	prepare, act func(*scene)
}{
	{"alloc from a span", nil, func(s *scene) { s.put(7, 64) }},
	{"alloc what fills a span", nil, func(s *scene) { s.put(7, 32768) }},
	{"alloc from a new span", nil, func(s *scene) { s.put(7, 500) }},
	{"alloc from the spare", func(s *scene) { s.free(6) }, func(s *scene) { s.put(7, 64) }},
	{"alloc a run", nil, func(s *scene) { s.put(7, 100000) }},
	{"alloc from a free run", func(s *scene) { s.free(4) }, func(s *scene) { s.put(7, 100000) }},
	{"alloc too much", nil, func(s *scene) { s.put(7, 1<<30) }},
	{"free a block", nil, func(s *scene) { s.free(6) }},
	{"free from a full span", nil, func(s *scene) { s.free(0) }},
	{"free the last of a span", func(s *scene) { s.free(2, 0) }, func(s *scene) { s.free(1) }}, // 2 leaves the spare
	{"free a run", nil, func(s *scene) { s.free(4) }},
	{"free a run between two", func(s *scene) { s.put(7, 40000); s.free(3, 5) }, func(s *scene) { s.free(4) }},
	{"free the last run", func(s *scene) { s.free(4) }, func(s *scene) { s.free(5) }},
	{"new object", nil, func(s *scene) { s.object(100) }},
	{"new large object", nil, func(s *scene) { s.object(100000) }},
	{"new object in an old entry", func(s *scene) { s.object(100); s.a.Drop(s.o) }, func(s *scene) { s.object(100) }},
	{"drop", func(s *scene) { s.object(100) }, func(s *scene) { s.a.Drop(s.o) }},
	{"drop a large object", func(s *scene) { s.object(100000) }, func(s *scene) { s.a.Drop(s.o) }},
	{"drop what others hold", func(s *scene) { s.object(100); s.share(s.o) }, func(s *scene) { s.a.Drop(s.o) }},
	{"extend", func(s *scene) { s.object(100) }, func(s *scene) { s.extend(100) }},
	{"extend by a run", func(s *scene) { s.object(100); s.extend(100) }, func(s *scene) { s.extend(100000) }},
	{"shrink", func(s *scene) { s.object(100); s.extend(100, 300, 100) }, func(s *scene) { s.shrink(1) }},
	{"shrink by a run", func(s *scene) { s.object(100); s.extend(100, 100000) }, func(s *scene) { s.shrink(1) }},
	{"drop what has extents", func(s *scene) { s.object(100); s.extend(100, 100000, 40000, 200) }, func(s *scene) { s.a.Drop(s.o) }},
	{"drop a large object that has extents", func(s *scene) { s.object(100000); s.extend(100) }, func(s *scene) { s.a.Drop(s.o) }},
	{"new sparse object", nil, func(s *scene) { s.sparse() }},
	{"new sparse object that is too large", nil, func(s *scene) {
		_, _, _ = s.a.NewObject(ObjectSpec{Kind: KindRawArray, Flags: FlagSparse, Size: MinSize})
	}},
	{"drop a sparse object", func(s *scene) { s.sparse() }, func(s *scene) { s.a.Drop(s.o) }},
	{"open", func(s *scene) { s.object(100) }, func(s *scene) { _, _ = s.a.Open(s.o.Handle(), KindValue, 0, "") }},
}

func newScene(t *testing.T, prepare func(*scene)) *scene {
	a := testArena(t, MinSize)
	s := &scene{t: t, a: a}
	var err error
	if _, s.witness, err = a.Claim(0, "witness"); err != nil {
		t.Fatal(err)
	}
	s.roots = rootTable(t, a, 8)
	table, _ := a.peek(0)
	s.share(table)
	for i, size := range []uint64{32768, 32768, 32768, 40000, 200000, 40000, 64} {
		s.put(i, size)
	}
	if prepare != nil {
		prepare(s)
	}
	return s
}

func (s *scene) put(i int, size uint64) {
	if b, err := s.a.alloc(size); err == nil {
		s.a.publish(b, s.roots[i])
	}
}

func (s *scene) free(roots ...int) {
	for _, i := range roots {
		s.a.free(s.roots[i])
	}
}

func (s *scene) object(size uint64) {
	s.o, _ = mustObject(s.t, s.a, ObjectSpec{Kind: KindValue, Size: size})
}

// extend also counts in the payload how much there is.
func (s *scene) extend(sizes ...uint64) {
	for _, size := range sizes {
		count := PayloadOf[uint64](s.o)
		d, err := s.a.Draft(size)
		if err != nil {
			s.t.Fatal(err)
		}
		s.a.Adopt(s.o, d, redo.Change{Word: count, Value: *count + size})
		s.extents = append(s.extents, d.At)
	}
}

func (s *scene) shrink(i int) {
	count, size := PayloadOf[uint64](s.o), at[Extent](s.a, s.extents[i]-extentSize).Size
	s.a.Shrink(s.o, s.extents[i], redo.Change{Word: count, Value: *count - size})
}

func (s *scene) sparse() {
	s.o, _ = mustObject(s.t, s.a, ObjectSpec{Kind: KindRawArray, Flags: FlagSparse, Size: 100000})
}

func (s *scene) share(o *Object) { o.Holders[s.witness/64].Or(1 << (s.witness % 64)) }

// rootsIn are the words that own blocks, in a copy.
func (s *scene) rootsIn(a *Arena) (roots []*uint64) {
	table := at[Object](a, a.spanAt(0))
	for i := range s.roots {
		roots = append(roots, at[uint64](a, a.offsetOf(table)+headerSize+Offset(8*i)))
	}
	return roots
}

// outcome is what counts of a swept heap: which roots own a block, and how much is in use.
func (s *scene) outcome(a *Arena) string {
	sound(s.t, a, s.rootsIn(a)...)
	a.eachObject(func(o *Object) {
		if o.Kind != KindValue || o.Extents == 0 {
			return
		}
		sum := uint64(0)
		for e := o.Extents; e != 0; e = at[Extent](a, Offset(e)).Next {
			sum += at[Extent](a, Offset(e)).Size
		}
		if got := *PayloadOf[uint64](o); got != sum {
			s.t.Errorf("the object says that it has %d bytes of extents, and has %d", got, sum)
		}
	})
	text := fmt.Sprintf("%d bytes, %d objects, roots", bytesOf(a), a.Used().Objects)
	for _, root := range s.rootsIn(a) {
		text += fmt.Sprint(" ", *root != 0)
	}
	return text
}

// swept is the outcome if the process dies now and nobody is killed while sweeping it.
func (s *scene) swept() string {
	b := duplicate(s.t, s.a)
	survivor(s.t, b)
	b.Bury(s.a.id)
	return s.outcome(b)
}

func TestKilledAnywhereInTheHeap(t *testing.T) {
	for _, c := range acts {
		t.Run(c.name, func(t *testing.T) {
			before := newScene(t, c.prepare).swept()
			whole := newScene(t, c.prepare)
			c.act(whole)
			after := whole.swept()
			n := 1
			for killAt(t, c.prepare, c.act, n, before, after) {
				n++
			}
			t.Logf("%d steps", n-1)
		})
	}
}

// killAt kills an act at its n-th step, and the sweep of every third such death at each of its own.
func killAt(t *testing.T, prepare, act func(*scene), n int, before, after string) bool {
	t.Helper()
	for m := 1; ; m++ {
		if n%3 != 0 {
			m = 0 // no kill
		}
		s := newScene(t, prepare)
		dead, step := memoryAt(t, s.a, n, func() { act(s) })
		if dead == nil {
			return false
		}
		survivor(t, dead)
		again, sweepStep := memoryAt(t, dead, m, func() { dead.Bury(s.a.id) })
		last := dead
		if again != nil {
			last = again
			survivor(t, last)
			last.Bury(dead.id) // and with it whom it was sweeping
		}
		where := fmt.Sprintf("killed at %d, %q, sweeper at %d, %q", n, step, m, sweepStep)
		if got := s.outcome(last); got != before && got != after {
			t.Fatalf("%s:\n%s, want\n%s or\n%s", where, got, before, after)
		}
		if got := last.Used().Processes; got != 2 {
			t.Fatalf("%s: %d processes, want the witness and the survivor", where, got)
		}
		last.discard(mustAlloc(t, last, 64)) // the lock is free
		for _, a := range []*Arena{s.a, dead, again} {
			if a != nil {
				_ = a.Close()
			}
		}
		if again == nil {
			return true
		}
	}
}
