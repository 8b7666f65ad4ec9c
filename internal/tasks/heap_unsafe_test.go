//go:build linux

package tasks

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/redo"
	"github.com/multiproc/mp/internal/slab"
)

// heap is memory with a queue, the hands of its processes, and extents behind them, as an object would have them. It is
// mapped, as the race detector does not look there: the words of a queue are read without the lock while transactions store them.
type heap struct {
	t      testing.TB
	words  []uint64
	parker *park.Local

	mu      sync.Mutex
	next    uint64            // where the next extent goes
	limit   uint64            // extents beyond it are refused
	drafts  map[uint64]uint64 // sizes, by place
	extents map[uint64]uint64
}

const processes = 8

type head struct {
	_     [8]uint64 // offset 0 is nowhere
	tasks Tasks
	hands [processes]uint64
}

func newHeap(t testing.TB, most, mostBytes uint64) *heap {
	const size = 8 << 20
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(b) })
	h := &heap{
		t: t, words: unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), size/8), parker: new(park.Local), next: 4096, limit: size,
		drafts: map[uint64]uint64{}, extents: map[uint64]uint64{},
	}
	h.q().Init(most, mostBytes)
	return h
}

func (h *heap) head() *head { return (*head)(unsafe.Pointer(unsafe.SliceData(h.words))) }
func (h *heap) q() *Tasks   { return &h.head().tasks }

// user is the process with this id.
func (h *heap) user(id uint32) *User {
	u := h.puller(id)
	u.Hand = &h.head().hands[id]
	return u
}

// puller is one that has nothing in hand.
func (h *heap) puller(id uint32) *User {
	m := redo.NewMemory(unsafe.Pointer(unsafe.SliceData(h.words)), uint64(len(h.words)*8))
	return &User{User: &slab.User{Me: prim.Holder(id, false), Parker: h.parker, Memory: m, Source: h}}
}

// died sweeps a process.
func (h *heap) died(id uint32) {
	const sweeper = processes - 1
	u := h.user(id)
	u.Me = prim.Holder(sweeper, false)
	h.q().Died(id, u, func(l *prim.Lock) {
		if !l.TryLock(u.Me) {
			h.t.Errorf("the dead %d has left a lock", id)
		}
	})
}

var errNoMemory = errors.New("no memory")

func (h *heap) Draft(n uint64) (slab.Draft, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next+n > h.limit {
		return slab.Draft{}, errNoMemory
	}
	d := slab.Draft{At: h.next}
	h.next += (n + 7) &^ 7
	h.drafts[d.At] = n
	return d, nil
}

func (h *heap) Adopt(d slab.Draft, changes ...redo.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range changes {
		*c.Word = c.Value
	}
	h.extents[d.At] = h.drafts[d.At]
}

func (h *heap) Shrink(at uint64, changes ...redo.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.extents[at] == 0 {
		panic(fmt.Sprintf("mp: no extent at %#x", at))
	}
	for _, c := range changes {
		*c.Word = c.Value
	}
	delete(h.extents, at)
}
