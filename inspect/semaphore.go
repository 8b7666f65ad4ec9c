package inspect

import (
	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// Permits is the state of a semaphore.
type Permits struct {
	Left   uint32  `json:"left"`
	Waited bool    `json:"waited"`           // somebody sleeps, or did until just now
	Bound  *uint32 `json:"bound,omitempty"`  // of a BoundedSemaphore; so are the rest
	Taken  []Taken `json:"taken,omitempty"`  // by whom
	Deaths uint64  `json:"deaths,omitempty"` // of processes that held permits
	Last   *Death  `json:"last_death,omitempty"`
}

// Taken is what one process holds of the permits.
type Taken struct {
	Person
	Permits uint32 `json:"permits"`
}

// permits describes a semaphore; block is where the object lies. nil if it cannot be read.
func (f *family) permits(r *record, block arena.Offset) *Permits {
	if r.Kind == arena.KindSemaphore {
		s := r.semaphore()
		return &Permits{Left: s.Semaphore.Value(), Waited: s.Semaphore.Waited()}
	}
	s, err := load[arena.BoundedState](f.a, block+headerSize)
	if err != nil {
		return nil
	}
	bound := s.Bounded.Bound()
	p := &Permits{Left: s.Bounded.Value(), Waited: s.Bounded.Waited(), Bound: &bound, Deaths: r.Deaths(), Last: lastDeath(r)}
	for slot := range uint32(arena.Slots) {
		if n := s.Bounded.HeldBy(slot, s.Held[:]); n > 0 {
			p.Taken = append(p.Taken, Taken{f.person(arena.ID(slot, f.state(slot).Generation())), n})
		}
	}
	return p
}

// permits looks at the accounts of a bounded semaphore. They are of one moment if two copies made one after the other agree.
func (w *walk) permits(where string, block arena.Offset) error {
	s, err := load[arena.BoundedState](w.a, block+headerSize)
	if err != nil {
		return err
	}
	again, err := load[arena.BoundedState](w.a, block+headerSize)
	if err != nil || !samePermits(s, again) {
		return err
	}
	bound, sum := s.Bounded.Bound(), uint64(s.Bounded.Value())
	w.must(bound <= prim.MaxBound, where, "bound", "at most 4194303 permits", "%d", bound)
	for slot := range uint32(arena.Slots) {
		n := s.Bounded.HeldBy(slot, s.Held[:])
		sum += uint64(n)
		w.must(n == 0 || w.state(slot).Status() != arena.Free, where, "permits", "held by processes", "%d held by slot %d, which is free", n, slot)
	}
	w.must(sum == uint64(bound), where, "permits", "as many left and held as there are", "%d of %d", sum, bound)
	id, dead := s.Bounded.Accounts()
	w.held(where+", its accounts", id, dead)
	return nil
}
