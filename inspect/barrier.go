package inspect

import (
	"fmt"
	"time"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// Barrier is the state of a barrier.
type Barrier struct {
	State   string   `json:"state"` // filling, acting, broken
	Parties int      `json:"parties"`
	Arrived int      `json:"arrived"` // meaningless if it is broken
	Members []Member `json:"members"` // the processes that are waited for, or wait
	Break   *Break   `json:"break,omitempty"`
}

// Member is a process at a barrier.
type Member struct {
	Person
	Waiting int  `json:"waiting,omitempty"` // goroutines in Wait
	Party   bool `json:"party"`             // its death would break the barrier
}

// Break is who broke a barrier, and why.
type Break struct {
	Person
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// String is the state as mp ps shows it.
func (b *Barrier) String() string {
	switch {
	case b.Break != nil && b.Break.ID != 0:
		return fmt.Sprintf("broken: %s, %s", b.Break.Reason, b.Break.Person)
	case b.State == "filling":
		return fmt.Sprintf("%d of %d have come", b.Arrived, b.Parties)
	case b.State == "acting":
		return fmt.Sprintf("all %d have come, the action runs", b.Parties)
	}
	return b.State
}

// barrier reads the barrier in a block: more of it than a record has.
func (f *family) barrier(block arena.Offset) (*Barrier, error) {
	s, err := load[arena.BarrierState](f.a, block+headerSize)
	if err != nil {
		return nil, err
	}
	v := s.Barrier.View()
	b := &Barrier{State: "filling", Parties: v.Parties, Arrived: v.Arrived, Members: []Member{}}
	switch {
	case v.Broken:
		b.State = "broken"
	case v.Acting:
		b.State = "acting"
	}
	if r := v.Break; r != nil {
		b.Break = &Break{Person{r.ID, int(r.PID), text(r.Name[:])}, prim.BreakReason(r.Reason), time.Unix(0, r.At)}
	}
	for slot := range s.Seats {
		if inside, party := prim.Seated(s.Seats[slot].Load()); inside > 0 || party {
			id := arena.ID(uint32(slot), f.state(uint32(slot)).Generation())
			b.Members = append(b.Members, Member{f.person(id), inside, party})
		}
	}
	return b, nil
}

// barrier looks at a barrier that may be used at this moment.
func (l *look) barrier(where string, block arena.Offset) error {
	s, err := load[arena.BarrierState](l.a, block+headerSize)
	if err != nil {
		return err
	}
	v := s.Barrier.View()
	l.must(v.Parties >= 1 && v.Parties <= prim.MostParties, where, "parties", fmt.Sprintf("1 to %d", prim.MostParties), "%d", v.Parties)
	l.must(v.Arrived <= v.Parties, where, "arrived", fmt.Sprintf("at most %d", v.Parties), "%d", v.Arrived)
	l.must(!v.Broken || v.Break != nil || v.LockedBy != 0, where, "break", "a record of who broke it", "none")
	l.held(where, v.LockedBy, false)
	for slot := range s.Seats {
		if inside, party := prim.Seated(s.Seats[slot].Load()); inside > 0 || party {
			l.must(l.state(uint32(slot)).Status() != arena.Free, where, "seats", "processes", "slot %d, which is free", slot)
		}
	}
	return nil
}
