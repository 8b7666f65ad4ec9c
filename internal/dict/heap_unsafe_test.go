package dict

import (
	"errors"
	"unsafe"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/redo"
	"github.com/multiproc/mp/internal/slab"
)

// heap is memory with a dict of a few shards, and extents behind it: as an object would have it.
type heap struct {
	words   []uint64
	next    uint64              // where the next extent goes that no free one fits
	extents map[uint64]uint64   // their sizes, by place; those in hand too
	free    map[uint64][]uint64 // by size
	limit   uint64              // extents beyond it are refused
	user    *slab.User
}

const heapShards = 4

func newHeap(size uint64) *heap {
	h := &heap{words: make([]uint64, size/8), next: 8192, extents: map[uint64]uint64{}, free: map[uint64][]uint64{}, limit: size}
	h.enter(1)
	h.dict().Init(heapShards, [2]uint64{1, 2})
	return h
}

// enter makes the process with this id the user.
func (h *heap) enter(id uint32) {
	base := unsafe.Pointer(unsafe.SliceData(h.words))
	h.user = &slab.User{Me: prim.Holder(id, false), Parker: new(park.Local), Memory: redo.NewMemory(base, uint64(len(h.words)*8)), Source: h}
}

// dict lies behind the first word, as offset 0 is nowhere.
func (h *heap) dict() *Dict { return (*Dict)(unsafe.Pointer(&h.words[8])) }

func (h *heap) shards() []Shard { return h.dict().All(Memory(heapShards)) }

func (h *heap) key(key string) (*Shard, Key) {
	k := Key{Hash(&h.dict().Seed, []byte(key)), []byte(key)}
	return Of(h.shards(), k), k
}

var errFull = errors.New("full")

func (h *heap) Draft(n uint64) (slab.Draft, error) {
	n = (n + 7) &^ 7
	if free := h.free[n]; len(free) > 0 {
		d := slab.Draft{At: free[len(free)-1]}
		h.free[n], h.extents[d.At] = free[:len(free)-1], n
		clear(h.words[d.At/8 : (d.At+n)/8])
		return d, nil
	}
	if n > h.limit || h.next+n > h.limit {
		return slab.Draft{}, errFull
	}
	d := slab.Draft{At: h.next}
	h.next += n
	h.extents[d.At] = n
	return d, nil
}

func (h *heap) Adopt(_ slab.Draft, changes ...redo.Change) {
	for _, c := range changes {
		*c.Word = c.Value
	}
}

func (h *heap) Shrink(at uint64, also ...redo.Change) {
	n := h.extents[at]
	if n == 0 {
		panic("an extent is freed that is none")
	}
	for _, c := range also {
		*c.Word = c.Value
	}
	delete(h.extents, at)
	h.free[n] = append(h.free[n], at)
}
