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
	Blocks  Blocks `json:"blocks"`            // of messages that are too long for the ring
}

func (f *family) describeQueue(o *Object, block arena.Offset) error {
	s, err := load[arena.QueueState](f.a, block+headerSize)
	if err != nil {
		return err
	}
	o.Queue = describeRing(&s.Ring)
	r, err := load[record](f.a, block)
	if err == nil {
		o.Queue.Blocks, err = f.a.describeBlocks(r, 0)
	}
	return err
}

func describeRing(r *ring.Ring) *Queue {
	head, tail := r.Head.Read(), r.Tail.Read()
	words, messages := head.To(tail)
	first, _ := r.Line.HeldBy()
	return &Queue{
		Len: messages, Cap: r.Most, Bytes: words * 8, Ring: r.Size,
		Shut: tail.Shut, Getters: tail.Waited && !tail.Shut, Putters: first != 0,
		Corrupt: r.Corrupt(),
	}
}

// queue looks at a queue's ring.
func (w *walk) queue(where string, r *record, block arena.Offset) error {
	return w.ring(where, r, block+headerSize, r.Size, 0)
}

// ring looks at the head of a ring that lies at a place of an object, with so much room, and walks its records. number is
// the ring's among those of the object.
func (w *walk) ring(where string, r *record, at arena.Offset, room, number uint64) error {
	q, err := load[ring.Ring](w.a, at)
	if err != nil {
		return err
	}
	locks := q.Locks()
	for _, what := range slices.Sorted(maps.Keys(locks)) {
		id, dead := locks[what].HeldBy()
		w.held(where+", lock of its "+what, id, dead)
	}
	w.must(q.Most <= ring.MaxMessages, where, "limit", "at most 4194303 messages", "%d", q.Most)
	if !w.must(bits.OnesCount64(q.Size) == 1 && q.Size >= ring.MinSize && queueSize+q.Size <= room, where, "ring", "a power of two that fits in the object",
		"%d bytes in %d", q.Size, room) {
		return nil
	}
	w.must(!q.Corrupt(), where, "ring", "one that nobody has found corrupt", "one that a process has")
	named, wrong, err := w.a.records(q, at+arena.Offset(queueSize))
	if wrong == "" {
		wrong = marks(q)
	}
	what, expected := "ring", "whole records from head to tail"
	if wrong == "" && err == nil {
		what, expected = "blocks", "each in hand, queued or spare"
		wrong, err = w.ringBlocks(r, q, named, number)
	}
	if err != nil || wrong == "" {
		return err
	}
	again, err := load[ring.Ring](w.a, at)
	if err == nil && again.Head.Read() == q.Head.Read() && again.HeadSeen == q.HeadSeen && again.Spares == q.Spares { // else others are at it
		w.must(false, where, what, expected, "%s", wrong)
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
	recordBlock   = 3 // the next word is the block's place; the words behind it are nobody's, and go on at the ring's beginning
)

// records walks from head to tail, and tells the blocks that are named there, and what is wrong; "" if nothing is.
func (a *Arena) records(q *ring.Ring, data arena.Offset) (named []uint64, wrong string, err error) {
	head, tail := q.Head.Read(), q.Tail.Read()
	left, messages := head.To(tail)
	size, counted := q.Size/8, uint64(0)
	if left > size {
		return nil, fmt.Sprintf("%d words in a ring of %d", left, size), nil
	}
	if tail.Waited && left > 0 && !tail.Shut {
		return nil, fmt.Sprintf("sleeping consumers beside %d messages", messages), nil
	}
	for at := head.Words % size; left > 0; {
		h, err := loadSlice[uint64](a, data+arena.Offset(at)*8, min(2, size-at))
		if err != nil {
			return nil, "", err
		}
		kind, words := uint32(h[0]), 1+(h[0]>>32+7)/8
		switch {
		case words > left || at+words > size && kind != recordBlock:
			return nil, fmt.Sprintf("a record of %d words at word %d of %d, with %d words left", words, at, size, left), nil
		case kind == recordMessage:
			counted++
		case kind == recordBlock && words > 1 && len(h) > 1:
			counted++
			named = append(named, h[1])
		case kind != recordFiller || at+words != size:
			return nil, fmt.Sprintf("a record of kind %d and %d words at word %d of %d", kind, words, at, size), nil
		}
		left -= words
		at = (at + words) % size
	}
	if counted != messages {
		return nil, fmt.Sprintf("%d messages, which should be %d", counted, messages), nil
	}
	return named, "", nil
}
