package inspect

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/multiproc/mp/internal/arena"
)

// How often one look tries to find the heap lock free, and the heap unchanged after a walk.
const (
	lockTries = 1000
	walkTries = 4
)

// heap looks at the heap and the directory while nobody changes them.
func (l *look) heap() error {
	for range walkTries {
		before, err := l.atRest()
		if err != nil || before == nil {
			return err
		}
		w := &walk{look: &look{l.family, slices.Clone(l.found), l.living}, heap: before, lists: make(map[uint64]list)}
		if err := w.all(); err != nil {
			return err
		}
		after, err := l.a.heap()
		if err != nil {
			return err
		}
		if same(before, after) {
			l.found = w.found
			return nil
		}
	}
	return nil
}

// atRest copies the heap's words while its lock is free; nil if it never was. The lock is held for a microsecond at a
// time: who keeps it is stopped, or dead and not swept.
func (l *look) atRest() (*arena.Heap, error) {
	var id uint32
	for range lockTries {
		h, err := l.a.heap()
		if err != nil {
			return nil, err
		}
		var dead bool
		if id, dead = h.Lock.HeldBy(); id == 0 {
			return h, nil
		} else if dead || !l.has(id) {
			l.held("heap lock", id, dead)
			l.must(!dead, "heap lock", "lock", "never abandoned", "abandoned by id %d", id)
			return nil, nil
		}
	}
	l.add("heap lock", "lock", "free now and then", "held all the time by %s", l.person(id))
	return nil, nil
}

// walk goes through a heap at rest.
type walk struct {
	*look
	heap    *arena.Heap
	unused  uint64          // the heap's, if it can be
	owners  []owner         // of blocks, sorted by block
	lists   map[uint64]list // spans that have to be in a list, and in which
	chunk   []arena.Span    // of records, for span
	chunkAt uint64          // the index of its first
	bytes   uint64          // in use
	broken  bool            // a span record makes no sense: what follows it cannot be told
	strange bool            // there are objects of unknown kinds, which may own blocks
}

// owner is a place that says that a block is its own: entry index of the directory, or a limbo place of a slot, or
// an object there.
type owner struct {
	block  arena.Offset
	slot   int // -1: the directory
	index  int
	dying  bool // in limbo: an object that is being freed
	extent bool // one of the object's further blocks
}

// String names the place.
func (o owner) String() string {
	if o.extent {
		o.extent = false
		return "an extent of " + o.String()
	}
	if o.slot < 0 {
		return fmt.Sprintf("directory entry %d", o.index)
	}
	return fmt.Sprintf("place %d of slot %d", o.index, o.slot)
}

func (w *walk) all() error {
	h := w.heap
	w.must(h.Redo.N.Load() == 0, "heap", "open transaction", "none, as the lock is free", "one of %d words", h.Redo.N.Load())
	w.unused = min(h.Unused, w.a.header.Spans)
	w.must(w.unused == h.Unused, "heap", "spans used", fmt.Sprintf("at most %d", w.a.header.Spans), "%d", h.Unused)
	words, err := w.a.entries(h)
	if err != nil {
		return err
	}
	w.directory(words)
	w.limbo()
	if err := w.extents(); err != nil {
		return err
	}
	w.places()
	// In the order of their places, as w.span likes it.
	objects := slices.DeleteFunc(slices.Clone(w.owners), func(o owner) bool { return o.slot >= 0 || o.extent })
	for _, o := range objects {
		if err := w.object(o.index, words[o.index]); err != nil || w.full() {
			return err
		}
	}
	return w.spans()
}

// limbo notes the blocks that processes have in hand.
func (w *walk) limbo() {
	for slot := range w.slots {
		for k, block := range w.slots[slot].Limbo {
			if block == 0 {
				continue
			}
			w.own(owner{block: arena.Offset(block) &^ arena.LimboObject, slot: slot, index: k, dying: block&arena.LimboObject != 0})
		}
	}
}

// end is where the used part of the heap ends.
func (w *walk) end() arena.Offset { return w.spanAt(w.unused) }

func (w *walk) spanAt(i uint64) arena.Offset {
	return w.a.header.BlocksAt + arena.Offset(i*arena.SpanSize)
}

// places sorts the owners and looks for blocks that have two.
func (w *walk) places() {
	slices.SortFunc(w.owners, func(a, b owner) int { return cmp.Compare(a.block, b.block) })
	for i := 1; i < len(w.owners); i++ {
		if a, b := w.owners[i-1], w.owners[i]; a.block == b.block {
			w.add(fmt.Sprintf("block %#x", uint64(a.block)), "place", "one", "%s and %s", a, b)
		}
	}
}
