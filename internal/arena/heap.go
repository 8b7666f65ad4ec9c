package arena

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// The heap: spans of SpanSize bytes, handed out in runs, or cut into the blocks of a size class; and the
// directory of objects, which lie in blocks. Its state is Heap, the span records, the directory's words, the
// limbos of all slots and the first words of free blocks. All of it changes by transactions alone (see tx), so
// that whoever holds the heap lock, or reads a dead heap after a replay, finds these invariants:
//
//  1. Each span below Heap.Unused belongs to exactly one of: a run in use, a free run, a span of blocks.
//     Records of spans from Unused on are zero, and so are those inside runs.
//  2. A free run has its length in its first record (spanFree) and, if longer than one span, in its last
//     (spanFreeEnd). No two free runs touch, and none touches Unused. All free runs, and nothing else, are in
//     the list of Heap.Runs. The memory of a free run, and from Unused on, reads as zeros.
//  3. A span of blocks has 0 ≤ used ≤ fresh ≤ capacity, and its free list holds fresh − used different blocks
//     below fresh. Blocks from fresh on read as zeros. It is in its class's Partial list if 0 < used < capacity,
//     in its class's Spare if used = 0, in neither if used = capacity.
//  4. Lists are linked both ways, and all links are index + 1, with 0 for none; a span in no list has none.
//  5. Each block or run in use is in exactly one place: one limbo place, one used directory entry, one list of an
//     object's extents, or one word of an object's payload. An object in limbo with extents is marked there.
//  6. Heap.Bytes is the sum of the sizes of the blocks in use, by class, and of the runs in use, by span.
//  7. Each directory entry below Fresh is used, or free and in the list of Heap.Free; those from Fresh on are
//     zero. Heap.Objects counts the used ones. The header of the object in a used entry names the entry and its
//     generation, and at least one holder.
//  8. Redo.N is 0.

// lock takes the heap lock for a goroutine of this process. A death under it leaves nothing torn, so it is
// never found abandoned: it is waited for without end, and the sweep of a dead holder frees it.
func (a *Arena) lock() {
	me := prim.Holder(a.id, false)
	l := &a.Heap().Lock
	if l.TryLock(me) {
		return
	}
	if err := l.LockSlow(context.Background(), me, a.park, &a.spin); err != nil {
		panic(fmt.Sprintf("mp: the heap lock: %v", err))
	}
}

// unlock is deferred wherever a corrupt arena could make us panic: the lock is the process's, and held for
// ever if the panic is recovered.
func (a *Arena) unlock() {
	me := prim.Holder(a.id, false)
	l := &a.Heap().Lock
	if l.Unlock(me) {
		return
	}
	if err := l.UnlockSlow(me, a.park); err != nil {
		panic(fmt.Sprintf("mp: the heap lock: %v", err))
	}
}

// lockSweeping is lock for a sweep.
func (a *Arena) lockSweeping() { a.takeSweeping(&a.Heap().Lock) }

// takeSweeping takes a lock for a sweep: the heap's, or one inside an object of the corpse that is being finished, of
// which a death leaves nothing that unlatch does not mend. The sweep holds no other lock then. While we sweep nobody else in
// this process does: if the holder is dead too, or dies while we wait, it is for us to seize it, which frees the lock.
func (a *Arena) takeSweeping(l *prim.Lock) {
	me := prim.Holder(a.id, false)
	for !l.TryLock(me) {
		holder, _ := l.HeldBy()
		if slot := SlotOf(holder); holder != 0 && a.gone(slot, false) {
			a.seize(slot, holder>>10)
		}
		ctx, cancel := context.WithTimeout(context.Background(), park.Tick)
		err := l.LockSlow(ctx, me, a.park, &a.spin)
		cancel()
		if err == nil {
			return
		}
	}
}

// Stats is how full an arena is.
type Stats struct {
	Bytes     uint64 // handed out, rounded up to the sizes of blocks
	Capacity  uint64 // what could be handed out in all
	Objects   uint64 // shared objects that some process holds
	Processes uint32 // alive, starting, or dead and not yet swept
}

// Used tells how full the arena is. It takes no lock: under concurrent change the numbers may be of
// different moments.
func (a *Arena) Used() Stats {
	h, head := a.Heap(), a.Header()
	s := Stats{
		Bytes:    atomic.LoadUint64(&h.Bytes),
		Capacity: head.Spans * SpanSize,
		Objects:  atomic.LoadUint64(&h.Objects),
	}
	for slot := range head.Top.Load() {
		if State(a.Slot(slot).State.Load()).Status() != Free {
			s.Processes++
		}
	}
	return s
}
