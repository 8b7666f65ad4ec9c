package inspect

import (
	"fmt"
	"slices"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/ring"
)

// Pipe is the state of a pipe: who holds its two ends, and what lies between them.
type Pipe struct {
	Ends [2][]int  `json:"ends"` // pids of the processes that hold each; none: it is gone
	Sent [2]*Queue `json:"sent"` // what each end has sent and the other has not received; nil: nothing travels that way
}

// Waited tells whether somebody sleeps, or did until just now.
func (p *Pipe) Waited() bool {
	return slices.ContainsFunc(p.Sent[:], func(q *Queue) bool { return q != nil && (q.Getters || q.Putters) })
}

func (f *family) describePipe(o *Object, block arena.Offset) error {
	s, err := load[arena.PipeState](f.a, block+headerSize)
	if err != nil {
		return err
	}
	o.Pipe = &Pipe{}
	for i := range s.Ends {
		o.Pipe.Ends[i] = []int{}
		for slot := range members(&s.Ends[i].Holders) {
			o.Pipe.Ends[i] = append(o.Pipe.Ends[i], int(f.slots[slot].PID.Load()))
		}
		slices.Sort(o.Pipe.Ends[i])
		if s.Sizes[i] == 0 {
			continue
		}
		r, err := load[ring.Ring](f.a, ringAt(s, block, i))
		if err != nil {
			return err
		}
		o.Pipe.Sent[i] = describeRing(r)
		object, err := load[record](f.a, block)
		if err == nil {
			o.Pipe.Sent[i].Blocks, err = f.a.describeBlocks(object, uint64(i))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ringAt is where the ring for what an end sends lies: behind that of the first end, if it has one.
func ringAt(s *arena.PipeState, block arena.Offset, end int) arena.Offset {
	at := block + headerSize + arena.Offset(pipeSize)
	if end == 1 && s.Sizes[0] != 0 {
		at += arena.Offset(queueSize + s.Sizes[0])
	}
	return at
}

// pipe looks at both rings, and at who holds the ends: processes that hold the object, and if there are none, nobody may send
// any more.
func (w *walk) pipe(where string, r *record, block arena.Offset) error {
	s, err := load[arena.PipeState](w.a, block+headerSize)
	if err != nil {
		return err
	}
	gone := false
	for i := range s.Ends {
		none := true
		for slot := range members(&s.Ends[i].Holders) {
			none = false
			w.must(r.Holders[slot/64].Load()&(1<<(slot%64)) != 0, fmt.Sprintf("%s, end %d", where, i), "holders",
				"processes that hold the object", "slot %d", slot)
		}
		gone = gone || none
	}
	left := r.Size - pipeSize
	for i, size := range s.Sizes {
		if size == 0 {
			continue
		}
		if !w.must(size <= left && queueSize <= left-size, where, "ring", "one that fits in the object", "%d bytes in %d", size, left) {
			return nil
		}
		if err := w.way(fmt.Sprintf("%s, way %d", where, i), r, ringAt(s, block, i), size, uint64(i), gone); err != nil {
			return err
		}
		left -= queueSize + size
	}
	return nil
}

func (w *walk) way(where string, r *record, at arena.Offset, size, number uint64, gone bool) error {
	q, err := load[ring.Ring](w.a, at)
	if err != nil {
		return err
	}
	w.must(q.Size == size, where, "ring", fmt.Sprintf("%d bytes", size), "%d", q.Size)
	w.must(!gone || q.Tail.Read().Shut, where, "ring", "shut, as nobody holds an end", "open")
	return w.ring(where, r, at, queueSize+size, number)
}
