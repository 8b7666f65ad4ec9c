package slab

import (
	"testing"
	"unsafe"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/redo"
)

// heap is memory with a slab, roots that own a cell each, and extents behind them: as an object would have it.
type heap struct {
	t       *testing.T
	words   []uint64
	next    uint64            // where the next extent goes
	extents map[uint64]uint64 // their sizes, by place
	drafts  map[uint64]uint64 // those that are or were drafts
	limit   uint64            // extents beyond it are refused
	user    *User
}

const roots = 24

type head struct {
	_     uint64 // offset 0 is nowhere
	roots [roots]uint64
	slab  Slab
}

func newHeap(t *testing.T, size uint64) *heap {
	h := &heap{t: t, words: make([]uint64, size/8), next: 4096, extents: map[uint64]uint64{}, drafts: map[uint64]uint64{}, limit: size}
	h.enter(1)
	return h
}

// enter makes the process with this id the user.
func (h *heap) enter(id uint32) {
	base := unsafe.Pointer(unsafe.SliceData(h.words))
	h.user = &User{Me: prim.Holder(id, false), Parker: new(park.Local), Memory: redo.NewMemory(base, uint64(len(h.words)*8)), Source: h}
}

func (h *heap) head() *head        { return (*head)(unsafe.Pointer(unsafe.SliceData(h.words))) }
func (h *heap) slab() *Slab        { return &h.head().slab }
func (h *heap) root(i int) *uint64 { return &h.head().roots[i] }
