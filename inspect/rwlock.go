package inspect

import (
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// rwLock describes a readers-writer lock.
func (f *family) rwLock(o *Object, r *record, block arena.Offset) error {
	rw := &r.rwLock().RW
	o.Lock = f.lock(r)
	if _, drains, _ := rw.Writer(); drains && o.Lock.State == "held" {
		o.Lock.State = "draining"
	}
	o.Lock.Waited = rw.Waited()
	counts, err := f.counts(r, block)
	for slot := range counts {
		n, drains := prim.Readers(counts[slot].Load())
		o.Lock.Waited = o.Lock.Waited || drains
		if n != 0 {
			id := arena.ID(uint32(slot), f.state(uint32(slot)).Generation())
			o.Readers = append(o.Readers, Reader{f.person(id), n})
		}
	}
	return err
}

// counts copies the counts of the readers, as far as there can be some.
func (f *family) counts(r *record, block arena.Offset) ([]atomic.Uint32, error) {
	if r.Size < rwLockSize {
		return nil, nil // for Check to name
	}
	highest := min(r.rwLock().RW.Highest(), arena.Slots-1)
	return loadSlice[atomic.Uint32](f.a, block+readersAt, uint64(highest)+1)
}

// rwLock looks at the words of a readers-writer lock. That nobody reads beside a writer cannot be seen: a
// reader counts itself before it looks whether it may.
func (l *look) rwLock(where string, r *record, block arena.Offset) error {
	rw := &r.rwLock().RW
	id, drains, dead := rw.Writer()
	l.held(where, id, dead)
	l.must(!rw.Turn() || id == 0 || drains, where, "gate", "shut, as a writer is inside", "open")
	l.must(rw.Highest() < arena.Slots, where, "readers", "slots below 1024", "up to %d", rw.Highest())
	counts, err := l.counts(r, block)
	for slot := range counts {
		n, _ := prim.Readers(counts[slot].Load())
		l.must(n == 0 || l.state(uint32(slot)).Status() != arena.Free, where, "readers", "processes", "%d of slot %d, which is free", n, slot)
	}
	return err
}
