package inspect

import (
	"fmt"
	"unicode/utf8"

	"github.com/multiproc/mp/internal/arena"
)

// held looks at a lock word: only a process holds a lock, and only one that was leaves it abandoned.
func (l *look) held(where string, id uint32, dead bool) {
	switch {
	case id == 0:
		l.must(!dead, where, "lock", "a holder, as it is abandoned", "none")
	case dead:
		l.must(l.could(id), where, "lock", "abandoned by a process that was", "abandoned by id %d", id)
	default:
		l.must(l.has(id), where, "lock", "held by a process", "held by id %d, which is none; %s", id, l.where(arena.SlotOf(id)))
	}
}

// object looks at the object that word i of the directory names; it lies where an object can.
func (w *walk) object(i int, word uint64) error {
	generation, block, _, _ := entry(word)
	r, err := load[record](w.a, block)
	if err != nil {
		return err
	}
	where := fmt.Sprintf("object %d.%d", i, generation)
	if !w.must(r.Index == uint32(i) && r.Generation == generation, where, "header", "its own handle", "%d.%d", r.Index, r.Generation) {
		return nil
	}
	if name := text(r.Name[:]); name != "" {
		where += fmt.Sprintf(" %q", name)
	}
	w.must(utf8.Valid(trimmed(r.Name[:])), where, "name", "UTF-8", "%q", trimmed(r.Name[:]))
	w.must(utf8.Valid(trimmed(r.Type[:])), where, "type", "UTF-8", "%q", trimmed(r.Type[:]))
	w.must(w.could(r.Creator), where, "creator", "a process that is or was", "id %d", r.Creator)
	w.holders(where, r)
	least, ok := payloads[r.Kind]
	if !w.must(ok, where, "kind", "one of layout version 1", "%s", r.Kind) {
		w.strange = true
		return nil
	}
	room, ok := w.room(block)
	if ok { // what is wrong with the span is a finding of its own
		w.must(r.Size >= least && r.Size <= room-uint64(headerSize), where, "size", fmt.Sprintf("%d to %d bytes", least, room-uint64(headerSize)), "%d bytes", r.Size)
	}
	if r.Kind == arena.KindRLock {
		w.checkRLock(where, r)
	}
	if r.Kind == arena.KindLock || r.Kind == arena.KindValue {
		id, dead := r.lock().Lock.HeldBy()
		w.held(where, id, dead)
	}
	if r.Kind == arena.KindBoundedSemaphore && r.Size >= least {
		return w.permits(where, block)
	}
	if r.Kind == arena.KindRWLock {
		return w.rwLock(where, r, block)
	}
	if r.Kind == arena.KindCondition {
		return w.condition(where, block)
	}
	if r.Kind == arena.KindBarrier {
		return w.barrier(where, block)
	}
	if r.Kind == arena.KindQueue && r.Size >= least {
		return w.queue(where, r, block)
	}
	if r.Kind == arena.KindPipe && r.Size >= least {
		return w.pipe(where, r, block)
	}
	return nil
}

// holders looks at who holds handles of an object: it would be gone if nobody did.
func (l *look) holders(where string, r *record) {
	some := false
	for slot := range members(&r.Holders) {
		some = true
		l.must(l.state(slot).Status() != arena.Free, where, "holders", "processes", "slot %d, which is free", slot)
	}
	l.must(some, where, "holders", "one at least", "none")
}

// trimmed is a text up to its first zero.
func trimmed(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}
