package slab

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/multiproc/mp/internal/redo"
)

var errFull = errors.New("full")

func (h *heap) Draft(n uint64) (Draft, error) {
	if h.next+n > h.limit {
		return Draft{}, errFull
	}
	d := Draft{At: h.next}
	h.next += (n + 7) &^ 7
	h.drafts[d.At] = n
	return d, nil
}

func (h *heap) Adopt(d Draft, changes ...redo.Change) {
	for _, c := range changes {
		*c.Word = c.Value
	}
	h.extents[d.At] = h.drafts[d.At]
}

func (h *heap) Shrink(at uint64, also ...redo.Change) {
	if h.extents[at] == 0 {
		h.t.Errorf("no extent at %#x", at)
	}
	for _, c := range also {
		*c.Word = c.Value
	}
	delete(h.extents, at)
}

// put gives a root a cell of n bytes, all of them b, instead of what it has.
func (h *heap) put(i int, n uint64, b byte) error {
	s, root := h.slab(), h.root(i)
	s.Hold(h.user)
	defer s.Release(h.user)
	x, err := s.Make(h.user, n)
	if err != nil {
		return err
	}
	to := x.Bytes()
	for k := range to {
		to[k] = b
	}
	if *root != 0 {
		x.Give(*root)
	}
	x.Set(&h.user.Cell(x.Cell()).Next, uint64(i))
	x.Set(root, x.Cell())
	x.Commit()
	return nil
}

func (h *heap) drop(i int) {
	s, root := h.slab(), h.root(i)
	s.Hold(h.user)
	defer s.Release(h.user)
	t := s.Begin(h.user)
	if *root != 0 {
		t.Give(*root)
	}
	t.Set(root, 0)
	t.Commit()
}

// contents is what the roots own.
func (h *heap) contents() string {
	text := ""
	for i := range roots {
		if at := *h.root(i); at != 0 {
			b := h.user.Bytes(at)
			if len(b) > 0 && !bytes.Equal(b, bytes.Repeat(b[:1], len(b))) {
				h.t.Errorf("root %d: torn", i)
			}
			if next := h.user.Cell(at).Next; next != uint64(i) {
				h.t.Errorf("root %d: linked to %d", i, next)
			}
			text += fmt.Sprintf("%d: %d × %d, ", i, len(b), slices.Concat(b, []byte{0})[0])
		}
	}
	return text
}

// sound looks for cells that overlap, and tells how many bytes of the chunks are none.
func (h *heap) sound() (lost uint64) {
	h.t.Helper()
	s := h.slab()
	if fault := s.Check(); fault != "" {
		h.t.Error(fault)
	}
	type piece struct{ at, size uint64 }
	var pieces []piece
	owned, total := map[uint64]bool{}, uint64(0)
	for i := range roots {
		if at := *h.root(i); at != 0 {
			c := h.user.Cell(at)
			if c.class() == large {
				owned[at] = true
			} else {
				pieces = append(pieces, piece{at, sizeOf(c.class())})
			}
		}
	}
	for at := s.Trash; at != 0; at = h.user.Cell(at).Next {
		owned[at] = true
	}
	for class := range s.Free {
		for at := s.Free[class]; at != 0; at = h.user.Cell(at).Next {
			pieces = append(pieces, piece{at, sizeOf(uint64(class))})
		}
	}
	if s.End > s.Fresh {
		pieces = append(pieces, piece{s.Fresh, s.End - s.Fresh})
	}
	for at, n := range h.extents {
		if !owned[at] {
			pieces, total = append(pieces, piece{at + n, 0}), total+n // where a chunk ends
		}
	}
	if total != s.Total {
		h.t.Errorf("chunks of %d bytes, and %d counted", total, s.Total)
	}
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.size, b.size)) })
	room := uint64(0)
	for i, p := range pieces {
		room += p.size
		if i > 0 && pieces[i-1].at+pieces[i-1].size > p.at {
			h.t.Fatalf("what lies at %#x has %d bytes, and the next is at %#x", pieces[i-1].at, pieces[i-1].size, p.at)
		}
	}
	return total - room
}

var sizes = []uint64{0, 1, 8, 16, 17, 100, 1000, 3056, 3057, 100000}

func TestSlab(t *testing.T) {
	h, want := newHeap(t, 256<<20), [roots]string{}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		i := r.IntN(roots)
		if r.IntN(3) == 0 && *h.root(i) != 0 {
			h.drop(i)
			want[i] = ""
			continue
		}
		n, b := sizes[r.IntN(len(sizes))], byte(r.IntN(250)+1)
		if n == 100000 && r.IntN(50) > 0 {
			n = 50 // the fake heap uses no memory twice
		}
		if err := h.put(i, n, b); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			b = 0
		}
		want[i] = fmt.Sprintf("%d: %d × %d, ", i, n, b)
	}
	if lost := h.sound(); lost > h.slab().Total/100 {
		t.Errorf("%d of %d bytes are lost", lost, h.slab().Total)
	}
	if got, want := h.contents(), strings.Join(want[:], ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestClasses(t *testing.T) {
	if sizeOf(classes-1) != largest {
		t.Errorf("the last class has %d bytes, not %d", sizeOf(classes-1), largest)
	}
	for n := uint64(1); n <= largest; n++ {
		class := classOf(n)
		if size := sizeOf(class); size < n || size%8 != 0 || class > 0 && sizeOf(class-1) >= n {
			t.Fatalf("%d bytes: class %d, of %d", n, class, size)
		}
	}
}

func TestNoRoom(t *testing.T) {
	h := newHeap(t, 32<<10)
	n := 0
	for ; h.put(n%roots, uint64(100+n), 1) == nil; n++ {
	}
	if n < roots {
		t.Errorf("full after %d", n)
	}
	before := h.contents()
	for _, size := range []uint64{3000, 5000, 1 << 40} {
		if err := h.put(0, size, 2); err != errFull {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	h.sound()
	if got := h.contents(); got != before {
		t.Errorf("a refusal has changed\n%s to\n%s", before, got)
	}
	h.drop(1)
	if err := h.put(1, 101, 3); err != nil {
		t.Errorf("into what was freed: %v", err)
	}
}

// TestMemoryIsUsedAgain: what cells of one size have is enough for as many of them later.
func TestMemoryIsUsedAgain(t *testing.T) {
	h := newHeap(t, 1<<20)
	var total uint64
	for round := range 100 {
		for i := range roots {
			if err := h.put(i, 200, byte(round)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range roots {
			h.drop(i)
		}
		if round == 0 {
			total = h.slab().Total
		}
	}
	if s := h.slab(); s.Total != total {
		t.Errorf("%d bytes after the first round, %d after the last", total, s.Total)
	}
}

func BenchmarkPut(b *testing.B) {
	h := newHeap(&testing.T{}, 1<<20)
	for b.Loop() {
		if h.put(0, 8, 1) != nil {
			b.Fatal()
		}
	}
}
