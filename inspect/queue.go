package inspect

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/ring"
)

// Queue is the state of a queue.
type Queue struct {
	Len     uint64 `json:"len"`           // messages
	Cap     uint64 `json:"cap,omitempty"` // 0: its ring is the only limit
	Bytes   uint64 `json:"bytes"`         // of the ring that they take
	Ring    uint64 `json:"ring"`          // bytes of the ring
	Shut    bool   `json:"shut,omitempty"`
	Getters bool   `json:"getters,omitempty"` // some sleep, or did until just now
	Putters bool   `json:"putters,omitempty"` // some wait for room
	Corrupt bool   `json:"corrupt,omitempty"` // a process has found it so
}

func (f *family) describeQueue(o *Object, block arena.Offset) error {
	s, err := load[arena.QueueState](f.a, block+headerSize)
	if err != nil {
		return err
	}
	head, tail := s.Ring.Head.Read(), s.Ring.Tail.Read()
	words, messages := head.To(tail)
	first, _ := s.Ring.Line.HeldBy()
	o.Queue = &Queue{
		Len: messages, Cap: s.Ring.Most, Bytes: words * 8, Ring: s.Ring.Size,
		Shut: tail.Shut, Getters: tail.Waited && !tail.Shut, Putters: first != 0,
		Corrupt: s.Ring.Corrupt(),
	}
	return nil
}

// queue looks at a ring's head, and walks its records.
func (w *walk) queue(where string, r *record, block arena.Offset) error {
	s, err := load[arena.QueueState](w.a, block+headerSize)
	if err != nil {
		return err
	}
	q := &s.Ring
	locks := q.Locks()
	for _, what := range slices.Sorted(maps.Keys(locks)) {
		id, dead := locks[what].HeldBy()
		w.held(where+", lock of its "+what, id, dead)
	}
	w.must(q.Most <= ring.MaxMessages, where, "limit", "at most 4194303 messages", "%d", q.Most)
	if !w.must(bits.OnesCount64(q.Size) == 1 && q.Size >= ring.MinSize && queueSize+q.Size <= r.Size, where, "ring", "a power of two that fits in the object",
		"%d bytes in %d", q.Size, r.Size) {
		return nil
	}
	w.must(!q.Corrupt(), where, "ring", "one that nobody has found corrupt", "one that a process has")
	wrong, err := w.a.records(q, block+headerSize+arena.Offset(queueSize))
	if wrong == "" {
		wrong = marks(q)
	}
	if err != nil || wrong == "" {
		return err
	}
	again, err := load[arena.QueueState](w.a, block+headerSize)
	if err == nil && again.Ring.Head.Read() == q.Head.Read() && again.Ring.HeadSeen == q.HeadSeen { // else others have put where we looked
		w.must(false, where, "ring", "whole records from head to tail", "%s", wrong)
	}
	return err
}

// marks tells what is wrong with the words that tell how far the ring is known to be free, and in use.
func marks(q *ring.Ring) string {
	head, tail := q.Head.Read(), q.Tail.Read()
	headSeen, tailSeen := ring.PlaceOf(q.HeadSeen), ring.PlaceOf(q.TailSeen)
	used, _ := head.To(tail)
	if seen, _ := head.To(tailSeen); seen > used {
		return fmt.Sprintf("TailSeen %d words behind Head, and Tail %d", seen, used)
	}
	if seen, _ := headSeen.To(tail); seen < used || seen > q.Size/8 {
		return fmt.Sprintf("HeadSeen %d words before Tail, and Head %d, in a ring of %d", seen, used, q.Size/8)
	}
	if head.Shut && !tail.Shut {
		return "shut at Head, and not at Tail"
	}
	return ""
}

// The kinds of records; in the high half of the header is the number of bytes behind it.
const (
	recordMessage = 1
	recordFiller  = 2
)

// records walks from head to tail, and says what is wrong there; "" if nothing is.
func (a *Arena) records(q *ring.Ring, data arena.Offset) (wrong string, err error) {
	head, tail := q.Head.Read(), q.Tail.Read()
	left, messages := head.To(tail)
	size, counted := q.Size/8, uint64(0)
	if left > size {
		return fmt.Sprintf("%d words in a ring of %d", left, size), nil
	}
	if tail.Waited && left > 0 && !tail.Shut {
		return fmt.Sprintf("sleeping consumers beside %d messages", messages), nil
	}
	for at := head.Words % size; left > 0; {
		h, err := load[uint64](a, data+arena.Offset(at)*8)
		if err != nil {
			return "", err
		}
		kind, words := uint32(*h), 1+(*h>>32+7)/8
		switch {
		case words > left || at+words > size:
			return fmt.Sprintf("a record of %d words at word %d of %d, with %d words left", words, at, size, left), nil
		case kind == recordMessage:
			counted++
		case kind != recordFiller || at+words != size:
			return fmt.Sprintf("a record of kind %d and %d words at word %d of %d", kind, words, at, size), nil
		}
		left -= words
		at = (at + words) % size
	}
	if counted != messages {
		return fmt.Sprintf("%d messages, which should be %d", counted, messages), nil
	}
	return "", nil
}
