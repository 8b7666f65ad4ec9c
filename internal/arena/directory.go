package arena

import (
	"sync/atomic"
)

// A directory entry is one word. Free: generation, the mark, and the next free entry + 1. Used:
// generation and the object's place in cache lines. 0: never used. The generation goes up when an object is
// freed, so that its handles are known for stale; it is never 0 in an entry that was used.
const (
	entryShift = 40 // the generation, 24 bits
	entryFree  = 1 << 39
	entryMask  = entryFree - 1
	lineShift  = 6

	entriesPerPage = PageSize / 8
)

// Handle names an object for as long as the arena lives, and never another one: a stale handle is an error.
// The zero Handle names nothing.
type Handle struct {
	Index, Generation uint32
}

func (a *Arena) entry(i uint64) *uint64 { return at[uint64](a, directory+Offset(i*8)) }

// usedEntry takes an entry's word apart; off is 0 if there is no object.
func usedEntry(w uint64) (generation uint32, off Offset) {
	if w&entryFree != 0 {
		return 0, 0
	}
	return uint32(w >> entryShift), Offset(w&entryMask) << lineShift
}

// nextHandle is where the next object goes. The heap lock is held. It returns a *FullError if the directory is full, or
// if the kernel has no memory for it.
func (a *Arena) nextHandle() (Handle, error) {
	h := a.Heap()
	if h.Free != 0 {
		return Handle{Index: uint32(h.Free - 1), Generation: uint32(*a.entry(h.Free - 1) >> entryShift)}, nil
	}
	if h.Fresh == MaxObjects {
		return Handle{}, &FullError{What: "objects", Asked: 1, Left: 0}
	}
	if h.Fresh%entriesPerPage == 0 {
		if err := a.reserve(directory+Offset(h.Fresh*8), PageSize); err != nil {
			return Handle{}, &FullError{What: "objects", Asked: 1, Left: 0, Err: err}
		}
	}
	return Handle{Index: uint32(h.Fresh), Generation: 1}, nil
}

// enter adds to a transaction what makes the block an object, under the handle of nextHandle.
func (t *tx) enter(at Handle, block Offset) {
	h, e := t.a.Heap(), t.a.entry(uint64(at.Index))
	if h.Free != 0 {
		t.Set(&h.Free, *e&entryMask)
	} else {
		t.Set(&h.Fresh, h.Fresh+1)
	}
	t.Set(e, uint64(at.Generation)<<entryShift|uint64(block)>>lineShift)
	t.Set(&h.Objects, h.Objects+1)
}

// leave adds to a transaction what takes an object out of the directory.
func (t *tx) leave(at Handle) {
	h := t.a.Heap()
	generation := (uint64(at.Generation) + 1) & (1<<(64-entryShift) - 1)
	if generation == 0 {
		generation = 1
	}
	t.Set(t.a.entry(uint64(at.Index)), generation<<entryShift|entryFree|h.Free)
	t.Set(&h.Free, uint64(at.Index)+1)
	t.Set(&h.Objects, h.Objects-1)
}

// find is the object of a handle. The heap lock is held, or the object cannot go.
func (a *Arena) find(at Handle) (*Object, Offset, error) {
	if uint64(at.Index) < atomic.LoadUint64(&a.Heap().Fresh) {
		if o, off := a.peek(at.Index); o != nil && o.Generation == at.Generation {
			return o, off, nil
		}
	}
	return nil, 0, &StaleError{Index: at.Index, Generation: at.Generation}
}

// peek is the object in an entry, nil if there is none. Without the lock it may be gone by now; but it was
// there, with the entry's generation, at some moment of the call.
func (a *Arena) peek(i uint32) (*Object, Offset) {
	e := a.entry(uint64(i))
	w := atomic.LoadUint64(e)
	generation, off := usedEntry(w)
	if off < a.Header().BlocksAt || uint64(off) > a.size-headerSize {
		return nil, 0
	}
	o := at[Object](a, off)
	if atomic.LoadUint32(&o.Index) != i || atomic.LoadUint32(&o.Generation) != generation || atomic.LoadUint64(e) != w {
		return nil, 0
	}
	return o, off
}

// eachObject calls f with every object. It takes no lock: an object may be freed while f looks at it, and
// its memory be another's, so f may read and must not write. About 13 ns an object.
func (a *Arena) eachObject(f func(*Object)) {
	for i := range uint32(min(atomic.LoadUint64(&a.Heap().Fresh), MaxObjects)) {
		if o, _ := a.peek(i); o != nil {
			f(o)
		}
	}
}

// eachHeld calls f with every object that one of these dead processes held. These stay until dropHolder, so f may write.
func (a *Arena) eachHeld(by slotSet, f func(*Object)) {
	a.eachObject(func(o *Object) {
		// Read in this order: if the entry is still the same, the bit was that of the object, and not of what
		// came after it in the same memory.
		if i := atomic.LoadUint32(&o.Index); o.heldByOne(&by) && i < MaxObjects {
			if again, _ := a.peek(i); again == o && o.heldByOne(&by) {
				f(o)
			}
		}
	})
}

// slotSet has a bit for each slot, as Object.Holders has.
type slotSet [Slots / 64]uint64

func oneSlot(slot uint32) (s slotSet) {
	s.add(slot)
	return s
}

func (s *slotSet) add(slot uint32) { s[slot/64] |= 1 << (slot % 64) }

func (o *Object) heldByOne(of *slotSet) bool {
	for i, set := range of {
		if set != 0 && o.Holders[i].Load()&set != 0 {
			return true
		}
	}
	return false
}
