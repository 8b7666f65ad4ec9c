package inspect

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// longWait is how long a wait must have lasted to be part of a possible deadlock.
	longWait = time.Second
	// lastingPause is the time between the two looks that must find the same.
	lastingPause = 200 * time.Millisecond
)

// PossibleDeadlocks gives cycles between processes: each has a goroutine that has waited for a second or more for what the
// next one holds. That is a deadlock if in each process the goroutine that holds is the one that waits, or
// waits for it; nothing that is not traced says so. Cycles within one process, and those that Deadlocks gives, are not
// among them. It looks twice, 0.2 s apart, and reports what both looks find; each costs what a Snapshot does.
func (a *Arena) PossibleDeadlocks() ([]Deadlock, error) {
	first, err := a.possible()
	if err != nil || len(first) == 0 {
		return nil, err
	}
	<-time.After(lastingPause)
	again, err := a.possible()
	return slices.DeleteFunc(again, func(d Deadlock) bool {
		return !slices.ContainsFunc(first, func(e Deadlock) bool { return d.signature() == e.signature() })
	}), err
}

// signature is what stays the same of a cycle that stays.
func (d *Deadlock) signature() string {
	var all []string
	for _, b := range d.Waits {
		all = append(all, fmt.Sprint(b.Process.ID, b.Goroutine, b.Serial, b.Handle))
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

func (a *Arena) possible() ([]Deadlock, error) {
	s, err := a.Snapshot()
	if err != nil {
		return nil, err
	}
	t, err := a.traces()
	if err != nil {
		return nil, err
	}
	return newGuess(s, t).deadlocks(), nil
}

// guess is the graph of what may wait for what. Its nodes are the waits of traces, and behind them the processes: a
// process stands for those of its goroutines of which nothing is recorded.
type guess struct {
	s       *Snapshot
	t       *traces
	g       graph
	process map[uint32]int      // the node of each, by id
	why     map[[2]int]*Blocked // what the first node waits for that the second has; none from a process to its own waits
}

func newGuess(s *Snapshot, t *traces) *guess {
	u := &guess{s: s, t: t, g: t.graph(), process: make(map[uint32]int), why: make(map[[2]int]*Blocked)}
	for i, edges := range u.g {
		for _, j := range edges {
			b := t.blocked(i, j)
			u.why[[2]int{i, j}] = &b
		}
	}
	for i := range s.Processes {
		if p := &s.Processes[i]; p.Alive {
			u.process[p.ID] = len(u.g)
			u.g = append(u.g, nil)
		}
	}
	objects := make(map[string]*Object)
	for i := range s.Objects {
		objects[s.Objects[i].Handle()] = &s.Objects[i]
	}
	u.recorded(objects)
	u.unrecorded(objects)
	return u
}

// recorded adds what is behind a wait that is recorded: the processes whose holding goroutine is not known to wait.
func (u *guess) recorded(objects map[string]*Object) {
	for i := range u.t.waits {
		w := &u.t.waits[i]
		if from, ok := u.process[w.id]; ok {
			u.g[from] = append(u.g[from], i)
		}
		holds := u.t.holds[w.object]
		for k := range holds {
			if h := &holds[k]; h.blocks(w) && !slices.ContainsFunc(u.t.waits, func(v trace) bool { return v.party == h.party }) {
				u.behind(i, w, h.id)
			}
		}
		if o := objects[handle(w.object.Index, w.object.Generation)]; o != nil && len(holds) == 0 {
			for _, p := range o.inTheWay(w.id) {
				u.behind(i, w, p.ID)
			}
		}
	}
}

func (u *guess) behind(i int, w *trace, id uint32) {
	if to, ok := u.process[id]; ok && id != w.id {
		b := u.t.blocked(i, i)
		u.link(i, to, &b)
	}
}

// unrecorded adds the threads that sleep on what is not traced.
func (u *guess) unrecorded(objects map[string]*Object) {
	for i := range u.s.Processes {
		p := &u.s.Processes[i]
		for _, w := range p.Waits {
			o := objects[w.Handle]
			if o == nil || o.Traced || w.Since.IsZero() {
				continue
			}
			for _, holder := range o.inTheWay(p.ID) {
				if to, ok := u.process[holder.ID]; ok && holder.ID != p.ID && p.Alive {
					u.link(u.process[p.ID], to, &Blocked{Process: p.Person, Handle: w.Handle, Object: w.Object, Since: w.Since})
				}
			}
		}
	}
}

// link adds an edge, if the wait is old enough.
func (u *guess) link(from, to int, b *Blocked) {
	if u.s.Arena.Taken.Sub(b.Since) >= longWait {
		u.g[from] = append(u.g[from], to)
		u.why[[2]int{from, to}] = b
	}
}

// inTheWay is who holds what a process waits for, as far as the object's own words say: its holder, and if that is the
// process itself, which drains, the readers.
func (o *Object) inTheWay(of uint32) (all []Person) {
	switch l := o.Lock; {
	case l == nil || l.Holder == nil || l.State != "held" && l.State != "draining":
	case l.Holder.ID != of:
		all = append(all, *l.Holder)
	default:
		for _, r := range o.Readers {
			all = append(all, r.Person)
		}
	}
	return all
}

func (u *guess) deadlocks() (found []Deadlock) {
	for _, knot := range u.g.knots() {
		for _, cycle := range u.g.cycles(knot) {
			var d Deadlock
			members, guessed := make(map[uint32]bool), false
			for i, from := range cycle {
				guessed = guessed || from >= len(u.t.waits)
				if b := u.why[[2]int{from, cycle[(i+1)%len(cycle)]}]; b != nil {
					d.Waits = append(d.Waits, *b)
					members[b.Process.ID] = true
				}
			}
			if guessed && len(members) > 1 {
				found = append(found, d)
			}
		}
	}
	return found
}
