package inspect

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/multiproc/mp/internal/arena"
)

// maxChain bounds what a crafted chain of records can cost: as many as a million goroutines need.
const maxChain = 1 << 15

// party is who holds or waits: a goroutine of a process.
type party struct {
	id        uint32
	goroutine uint64
}

// trace is a record of a hold or a wait, copied out.
type trace struct {
	party
	state  arena.TraceWord
	object arena.Handle
	since  int64
	number uint32
	where  string
}

// traces are the records that were all there at one moment, and what they are about.
type traces struct {
	*family
	waits   []trace // by process and goroutine
	holds   map[arena.Handle][]trace
	objects map[arena.Handle]target
	now     time.Time
	clock   int64 // the same moment
}

// target is what a record is about.
type target struct {
	kind  arena.Kind
	name  string
	flags uint32
}

// traces reads all records three times, and keeps those that were there all the time. The dead hold nothing that
// the sweep will not take from them: their records are left out.
func (a *Arena) traces() (*traces, error) {
	var looks [3]map[arena.Offset]trace
	for i := range looks {
		f, err := a.claimed()
		if err == nil {
			looks[i], err = f.records()
		}
		if err != nil {
			return nil, err
		}
		if len(looks[i]) == 0 {
			return &traces{}, nil
		}
	}
	f, err := a.claimed() // after the last look: who is alive now was alive then
	t := &traces{family: f, holds: make(map[arena.Handle][]trace), objects: make(map[arena.Handle]target)}
	t.now, t.clock = clocks()
	if err == nil {
		err = t.fill(lasted(looks))
	}
	return t, err
}

// lasted are the records that the first and the last look have seen alike. Their words are those of the second: read
// while the record was there. So all of them were there when the second look began.
func lasted(looks [3]map[arena.Offset]trace) (all []trace) {
	for at, r := range looks[1] {
		if looks[0][at].state == r.state && looks[2][at].state == r.state {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, byParty)
	return all
}

func (t *traces) fill(all []trace) error {
	alive := make(map[uint32]bool)
	for _, r := range all {
		if _, known := alive[r.id]; !known {
			alive[r.id] = t.has(r.id) && t.alive(arena.SlotOf(r.id))
		}
		if !alive[r.id] {
			continue
		}
		if err := t.add(r); err != nil {
			return err
		}
	}
	return nil
}

// byParty is an order that all lookers agree on.
func byParty(a, b trace) int {
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.goroutine, b.goroutine), cmp.Compare(a.since, b.since))
}

// add keeps a record if there is such an object.
func (t *traces) add(r trace) error {
	if _, known := t.objects[r.object]; !known {
		o, err := t.a.target(r.object)
		if err != nil {
			return err
		}
		t.objects[r.object] = o
	}
	if t.objects[r.object].flags&arena.FlagTraced == 0 {
		return nil
	}
	if r.state.Kind() == arena.TraceWait {
		t.waits = append(t.waits, r)
	} else {
		t.holds[r.object] = append(t.holds[r.object], r)
	}
	return nil
}

// records copies the records of all processes, by their places.
func (f *family) records() (map[arena.Offset]trace, error) {
	all := make(map[arena.Offset]trace)
	for i := range f.slots {
		state := f.state(uint32(i))
		if state.Status() == arena.Free {
			continue
		}
		id := arena.ID(uint32(i), state.Generation())
		at := arena.Offset(f.slots[i].Trace.Load())
		for n := 0; at != 0 && n < maxChain; n++ {
			next, err := f.a.recordsOf(id, at, all)
			if err != nil {
				return nil, err
			}
			at = next
		}
	}
	return all, nil
}

// recordsOf copies the records of a process that lie in one object, and gives the place of the next one.
func (a *Arena) recordsOf(id uint32, at arena.Offset, into map[arena.Offset]trace) (next arena.Offset, err error) {
	if !a.inHeap(at) {
		return 0, nil
	}
	c, err := load[chunk](a, at)
	if err != nil || c.Kind != arena.KindTrace || c.Creator != id {
		return 0, err
	}
	for i := range c.records.Records {
		r := &c.records.Records[i]
		state := arena.TraceWord(r.State.Load())
		if kind := state.Kind(); kind != arena.TraceHold && kind != arena.TraceWait {
			continue
		}
		var where []byte
		for k := range r.Where {
			where = binary.LittleEndian.AppendUint64(where, r.Where[k].Load())
		}
		object := r.Object.Load()
		into[at+recordAt(i)] = trace{
			party: party{id, r.Goroutine.Load()}, state: state, since: r.Since.Load(), number: r.Number.Load(), where: text(where),
			object: arena.Handle{Index: uint32(object), Generation: uint32(object >> 32)},
		}
	}
	return arena.Offset(c.records.Next.Load()), nil
}

// target looks an object up; the zero target if it is no more.
func (a *Arena) target(h arena.Handle) (target, error) {
	if h.Index >= arena.MaxObjects {
		return target{}, nil
	}
	word, err := load[uint64](a, a.header.DirectoryAt+arena.Offset(h.Index)*8)
	if err != nil {
		return target{}, err
	}
	r, err := a.object(int(h.Index), *word)
	if err != nil || r == nil || r.Generation != h.Generation {
		return target{}, err
	}
	return target{r.Kind, text(r.Name[:]), r.Flags}, nil
}
