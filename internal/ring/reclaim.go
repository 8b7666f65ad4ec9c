package ring

import (
	"slices"

	"github.com/multiproc/mp/internal/failpoint"
)

// Owe says that a process has died that may have blocks in hand. It comes before Reclaim, from the sweep.
func (r *Ring) Owe() { r.owed.Add(1) }

// Reclaim decides the blocks of the dead, if there may be any: those that a record names are queued and nobody's, the others
// are freed. It waits for no lock, as their holders may be stopped and whoever sweeps has other things to mend: whoever holds H or
// B looks here when it has freed them, for what is owed still.
//
// Under both locks nothing happens to the blocks of the dead but here: what they had in hand nobody else has, what they had put may be
// taken under H alone, and what they kept, or had just taken out of Spares, under B.
func (r *Ring) Reclaim(u *User) {
	for r.owed.Load() != 0 && !r.Corrupt() {
		if ok, _ := r.H.TryLockSlow(u.me); !ok {
			return
		}
		if ok, _ := r.B.TryLockSlow(u.me); !ok {
			r.unlock(u, &r.H)
			if id, _ := r.B.HeldBy(); id != 0 {
				return
			}
			continue // who held it may have freed it before, and found that we have H
		}
		owed := r.owed.Load()
		orphans, err := r.orphans(u)
		failpoint.Hit("ring: orphans in hand")
		if err == nil {
			r.owed.CompareAndSwap(owed, 0) // else another has died
		}
		r.unlock(u, &r.B)
		r.unlock(u, &r.H)
		if err != nil {
			_ = r.condemn(u.Parker, err)
			return
		}
		for _, at := range orphans {
			failpoint.Hit("ring: freeing an orphan")
			u.Store.Shrink(at)
		}
		r.trimIfShut(u)
	}
}

// orphans takes those blocks of the dead in hand that are to be freed. H and B are held. Killed in it, they are those of
// another who is dead; a sweep has them in the hand of the dead.
func (r *Ring) orphans(u *User) (out []uint64, err error) {
	var dead []uint64
	u.Store.Each(func(at uint64, b *Block) {
		id := b.Owner.Load()
		if b.Ring == u.Number && id != 0 && id != Spare && !u.Lives(id) {
			dead = append(dead, at)
		}
	})
	if dead == nil {
		return nil, nil
	}
	named, err := r.named(u)
	if err != nil {
		return nil, err
	}
	for _, at := range dead {
		b, _ := u.Store.Block(at)
		if _, ok := slices.BinarySearch(named, at); ok {
			b.Owner.Store(0)
			continue
		}
		for i := range r.Spares {
			if r.Spares[i] == at { // killed while it kept it, or took it
				r.Spares[i] = 0
			}
		}
		b.Owner.Store(u.ID)
		out = append(out, at)
	}
	return out, nil
}

// named are the places of the blocks that lie between Head and Tail, in order of place. H is held.
func (r *Ring) named(u *User) (places []uint64, err error) {
	at := r.Head.at()
	for end := r.Tail.at(); at != end; {
		start, h, err := r.first(u, at, words(at, end))
		if err != nil {
			return nil, err
		}
		if h.kind() == inBlock {
			places = append(places, *r.word(u.index(start) + 1))
		}
		at = past(start, recordWords(h.size()), 1)
	}
	slices.Sort(places)
	return places, nil
}
