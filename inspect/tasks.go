package inspect

import (
	"fmt"
	"slices"
	"time"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/slab"
	"github.com/multiproc/mp/internal/sys"
	"github.com/multiproc/mp/internal/tasks"
)

// Tasks is the state of a JoinableQueue, or of a SimpleQueue.
type Tasks struct {
	Len        uint64   `json:"len"`             // messages that wait
	Cap        uint64   `json:"cap,omitempty"`   // how many may; 0: any number
	Bytes      uint64   `json:"bytes"`           // that they take
	Limit      uint64   `json:"limit,omitempty"` // of these bytes; 0: none
	Unfinished uint64   `json:"unfinished"`      // messages that wait or are in hand
	InHand     []InHand `json:"in_hand,omitempty"`
	Shut       bool     `json:"shut,omitempty"`
	Getters    bool     `json:"getters,omitempty"` // some sleep, or did until just now
	Putters    bool     `json:"putters,omitempty"` // some wait for room
	Joiners    bool     `json:"joiners,omitempty"` // some sleep until all is done, or did until just now
}

// InHand is what one process has got, and not done.
type InHand struct {
	Person
	Messages uint64    `json:"messages"`
	Since    time.Time `json:"since"`    // when it got the first of them
	Delivery uint64    `json:"delivery"` // the most that one of them has
}

// tasked is a copy of such a queue.
type tasked struct {
	*tasks.Tasks
	hands []uint64 // by slot; a SimpleQueue has none
}

func (a *Arena) tasks(kind arena.Kind, block arena.Offset) (tasked, error) {
	if kind == arena.KindSimpleQueue {
		s, err := load[arena.SimpleQueueState](a, block+headerSize)
		if err != nil {
			return tasked{}, err
		}
		return tasked{&s.Tasks, nil}, nil
	}
	s, err := load[arena.JoinableQueueState](a, block+headerSize)
	if err != nil {
		return tasked{}, err
	}
	return tasked{&s.Tasks, s.Hands[:]}, nil
}

func (f *family) describeTasks(o *Object, r *record, block arena.Offset) error {
	q, err := f.a.tasks(r.Kind, block)
	if err != nil {
		return err
	}
	first, _ := q.Line.HeldBy()
	o.Tasks = &Tasks{
		Len: q.Len, Cap: q.Most, Bytes: q.Bytes, Limit: q.MostBytes, Unfinished: q.Puts - q.Gone, Shut: q.Shut != 0,
		Getters: q.Data.Load() != 0, Putters: first != 0, Joiners: q.Finished.Load() != 0,
	}
	now, clock := time.Now(), sys.Monotonic()
	for slot, at := range q.hands {
		if at == 0 {
			continue
		}
		h := InHand{Person: f.person(arena.ID(uint32(slot), f.state(uint32(slot)).Generation())), Since: now}
		for ; at != 0 && h.Messages < o.Tasks.Unfinished; h.Messages++ { // others change the list meanwhile
			c, err := f.a.message(at)
			if err != nil {
				break
			}
			if since := now.Add(time.Duration(c.Since - clock)); since.Before(h.Since) {
				h.Since = since
			}
			h.Delivery = max(h.Delivery, c.Turns)
			at = c.Next
		}
		o.Tasks.InHand = append(o.Tasks.InHand, h)
	}
	return nil
}

// message is the cell of a message, without its bytes.
type message struct {
	slab.Cell
	tasks.Entry
}

func (a *Arena) message(at uint64) (*message, error) {
	if at%8 != 0 || !a.inHeap(arena.Offset(at)) {
		return nil, &FormatError{What: "message", Expected: "a cell of the heap", Found: fmt.Sprintf("%#x", at)}
	}
	return load[message](a, arena.Offset(at))
}

// tasks follows the lists of a queue. Whatever it finds counts only if nobody has changed the queue meanwhile.
func (w *walk) tasks(where string, kind arena.Kind, block arena.Offset) error {
	q, err := w.a.tasks(kind, block)
	if err != nil {
		return err
	}
	for what, l := range q.Locks() {
		id, dead := l.HeldBy()
		w.held(where+", "+what, id, dead)
	}
	if id, _ := q.Slab.Lock.HeldBy(); id != 0 {
		return nil // it is being changed
	}
	wrong := q.Slab.Check()
	if wrong == "" {
		wrong = w.waiting(q.Tasks)
	}
	if wrong == "" {
		wrong = w.inHand(q)
	}
	if wrong == "" {
		return nil
	}
	again, err := w.a.tasks(kind, block)
	if err == nil && again.Puts == q.Puts && again.Gone == q.Gone && again.First == q.First && slices.Equal(again.hands, q.hands) {
		w.must(false, where, "messages", "whole lists, and counters that agree", "%s", wrong)
	}
	return err
}

// waiting says what is wrong with the list of those that wait; "" if nothing is.
func (w *walk) waiting(q *tasks.Tasks) string {
	var n, bytes, last, number uint64
	for at := q.First; at != 0; n++ {
		m, err := w.a.message(at)
		if err != nil {
			return err.Error()
		}
		if m.Number <= number || m.Number > q.Puts {
			return fmt.Sprintf("message %d behind message %d, of %d", m.Number, number, q.Puts)
		}
		number, last, bytes = m.Number, at, bytes+m.Len()+cellHead
		at = m.Next
	}
	switch {
	case n != q.Len || bytes != q.Bytes:
		return fmt.Sprintf("%d messages of %d bytes wait, which should be %d of %d", n, bytes, q.Len, q.Bytes)
	case last != q.Last:
		return fmt.Sprintf("the last message is at %#x, not at %#x", last, q.Last)
	case q.Data.Load() != 0 && n > 0:
		return fmt.Sprintf("sleeping consumers beside %d messages", n)
	case q.Gone > q.Puts || q.Puts-q.Gone < n:
		return fmt.Sprintf("%d of %d messages are done, and %d wait", q.Gone, q.Puts, n)
	}
	return ""
}

// inHand says what is wrong with the lists of those in hand; "" if nothing is.
func (w *walk) inHand(q tasked) string {
	most := q.Puts - q.Gone - q.Len
	n := uint64(0)
	for slot, first := range q.hands {
		if first != 0 && w.state(uint32(slot)).Status() == arena.Free {
			return fmt.Sprintf("slot %d, which is free, has messages in hand", slot)
		}
		for at, prev := first, uint64(0); at != 0; n++ {
			m, err := w.a.message(at)
			switch {
			case err != nil:
				return err.Error()
			case m.Prev != prev || m.Turns == 0 || n >= most:
				return fmt.Sprintf("message %d, delivered %d times, in hand of slot %d behind %#x, one of %d", m.Number, m.Turns, slot, m.Prev, most)
			}
			prev, at = at, m.Next
		}
	}
	if n != most {
		return fmt.Sprintf("%d messages are in hand, which should be %d", n, most)
	}
	return ""
}
