package inspect

import (
	"fmt"
	"slices"
	"time"

	"github.com/multiproc/mp/internal/arena"
)

func (a *Arena) heap() (*arena.Heap, error) { return load[arena.Heap](a, a.header.HeapAt) }

// entries copies the directory, as far as it was ever used.
func (a *Arena) entries(h *arena.Heap) ([]uint64, error) {
	return loadSlice[uint64](a, a.header.DirectoryAt, min(h.Fresh, arena.MaxObjects))
}

// inHeap tells whether an object's header and the least payload can lie there.
func (a *Arena) inHeap(block arena.Offset) bool {
	return block >= a.header.BlocksAt && uint64(block) <= a.size-recordSize
}

// object copies the object at a place that word i of the directory names; nil if there is none, or no longer. The word
// is read again afterwards: what was copied before it changed may be of another object.
func (a *Arena) object(i int, word uint64) (*record, error) {
	generation, block, _, free := entry(word)
	if free || !a.inHeap(block) {
		return nil, nil
	}
	r, err := load[record](a, block)
	if err != nil {
		return nil, err
	}
	now, err := load[uint64](a, a.header.DirectoryAt+arena.Offset(i)*8)
	if err != nil || *now != word || r.Index != uint32(i) || r.Generation != generation {
		return nil, err
	}
	return r, nil
}

func (s *Snapshot) readObjects(f *family, heap *arena.Heap) (*places, error) {
	words, err := f.a.entries(heap)
	if err != nil {
		return nil, err
	}
	m := &places{heapLock: f.a.header.HeapAt}
	for i, word := range words {
		r, err := f.a.object(i, word)
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue
		}
		_, block, _, _ := entry(word)
		o := f.describe(r, block)
		if o.Memory, err = f.a.memory(r); err != nil {
			return nil, err
		}
		if err := f.describePayload(&o, r, block); err != nil {
			return nil, err
		}
		m.add(block, headerSize+arena.Offset(min(r.Size, f.a.size)), &o)
		s.Objects = append(s.Objects, o)
	}
	m.sort()
	return m, nil
}

// describePayload adds what lies behind the words that every record has.
func (f *family) describePayload(o *Object, r *record, block arena.Offset) (err error) {
	switch r.Kind {
	case arena.KindRWLock:
		err = f.rwLock(o, r, block)
	case arena.KindCondition:
		err = f.describeCondition(o, block)
	case arena.KindBarrier:
		o.Barrier, err = f.barrier(block)
	case arena.KindQueue:
		err = f.describeQueue(o, block)
	case arena.KindPipe:
		err = f.describePipe(o, block)
	case arena.KindList:
		err = f.describeList(o, r, block)
	case arena.KindDict:
		err = f.describeDict(o, block)
	case arena.KindJoinableQueue, arena.KindSimpleQueue:
		err = f.describeTasks(o, r, block)
	}
	return err
}

func (f *family) describe(r *record, block arena.Offset) Object {
	o := Object{
		Index: r.Index, Generation: r.Generation, Kind: r.Kind.String(), Name: text(r.Name[:]), Type: text(r.Type[:]),
		Size: r.Size, Created: time.Unix(0, r.Created), Creator: f.person(r.Creator), Holders: []int{},
		Traced: r.Flags&arena.FlagTraced != 0,
	}
	for slot := range members(&r.Holders) {
		o.Holders = append(o.Holders, int(f.slots[slot].PID.Load()))
	}
	slices.Sort(o.Holders)
	switch r.Kind {
	case arena.KindLock:
		o.Lock = f.lock(r)
	case arena.KindRLock:
		o.Lock = f.rlock(r)
	case arena.KindValue:
		v := r.value()
		o.Value = small(o.Type, uint64(v.Size), v.Word.Load())
		if l := f.lock(r); l.State != "free" {
			o.Lock = l
		}
	case arena.KindRawValue:
		o.Value = small(o.Type, r.Size, r.payload[0])
	case arena.KindSemaphore, arena.KindBoundedSemaphore:
		o.Permits = f.permits(r, block)
	case arena.KindEvent:
		o.Event = r.event()
	case arena.KindArray:
		f.array(&o, r)
	case arena.KindRawArray:
		rawArray(&o, r)
	}
	return o
}

// lock reads the lock that the payload of a lock of either sort, of a value and of a list begins with.
func (f *family) lock(r *record) *Lock {
	l := &Lock{State: "free", Waited: r.lock().Lock.Waited(), Deaths: r.Deaths(), Last: lastDeath(r)}
	id, dead := r.lock().Lock.HeldBy()
	if id == 0 {
		return l
	}
	l.State = "held"
	who := f.person(id)
	if dead {
		if l.State = "abandoned"; l.Last != nil && l.Last.ID == id {
			who = l.Last.Person
		}
	}
	l.Holder = &who
	return l
}

// lastDeath is the last of a process that had the object in hand; nil if there was none.
func lastDeath(r *record) *Death {
	if r.Deaths() == 0 {
		return nil
	}
	return &Death{Person{r.DiedID(), int(r.DiedPID), text(r.DiedName[:])}, time.Unix(0, r.DiedAt), r.Panicked()}
}

// Handle is how the object is named everywhere: index and generation.
func (o *Object) Handle() string { return handle(o.Index, o.Generation) }

func handle(index, generation uint32) string { return fmt.Sprintf("%d.%d", index, generation) }

// String is kind, name if there is one, and handle.
func (o *Object) String() string { return called(o.Kind, o.Name, o.Handle()) }

func called(kind, name, handle string) string {
	if name == "" {
		return kind + " " + handle
	}
	return fmt.Sprintf("%s %q (%s)", kind, name, handle)
}
