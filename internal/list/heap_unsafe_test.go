package list

import (
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/redo"
	"github.com/multiproc/mp/internal/slab"
)

// heap is memory with a list, and extents behind it, as an object would have them.
type heap struct {
	t       testing.TB
	words   []uint64
	next    uint64              // where the next extent goes, if none of its size is free
	extents map[uint64]uint64   // their sizes, by place
	drafts  map[uint64]uint64   // those that are or were drafts
	free    map[uint64][]uint64 // places, by size
	limit   uint64              // extents beyond it are refused
	user    *slab.User
}

type head struct {
	_    [8]uint64 // offset 0 is nowhere
	list List
}

func newHeap(t testing.TB, size, width uint64) *heap {
	h := &heap{
		t: t, words: make([]uint64, size/8), next: 4096, limit: size,
		extents: map[uint64]uint64{}, drafts: map[uint64]uint64{}, free: map[uint64][]uint64{},
	}
	h.enter(1)
	h.list().Width = width
	return h
}

// enter makes the process with this id the user.
func (h *heap) enter(id uint32) {
	base := unsafe.Pointer(unsafe.SliceData(h.words))
	h.user = &slab.User{Me: prim.Holder(id, false), Parker: new(park.Local), Memory: redo.NewMemory(base, uint64(len(h.words)*8)), Source: h}
}

func (h *heap) list() *List { return &(*head)(unsafe.Pointer(unsafe.SliceData(h.words))).list }

var errFull = errors.New("full")

func (h *heap) Draft(n uint64) (slab.Draft, error) {
	n = (n + 7) &^ 7
	if some := h.free[n]; len(some) > 0 {
		d := slab.Draft{At: some[len(some)-1]}
		h.free[n] = append([]uint64(nil), some[:len(some)-1]...)
		clear(h.words[d.At/8 : (d.At+n)/8])
		return d, nil
	}
	if h.next+n > h.limit {
		return slab.Draft{}, errFull
	}
	d := slab.Draft{At: h.next}
	h.next += n
	h.drafts[d.At] = n
	return d, nil
}

func (h *heap) Adopt(d slab.Draft, changes ...redo.Change) {
	for _, c := range changes {
		*c.Word = c.Value
	}
	h.extents[d.At] = h.drafts[d.At]
}

func (h *heap) Shrink(at uint64, also ...redo.Change) {
	n := h.extents[at]
	if n == 0 {
		panic(fmt.Sprintf("mp: no extent at %#x", at))
	}
	for _, c := range also {
		*c.Word = c.Value
	}
	delete(h.extents, at)
	h.free[n] = append(append([]uint64(nil), h.free[n]...), at)
}
