package ring

import "github.com/multiproc/mp/internal/prim"

// Place is what a mark says, for the looker.
type Place struct {
	Words    uint64 // modulo 2³⁹
	Messages uint64 // modulo 2²³
	Waited   bool
	Shut     bool
}

// Read takes a mark apart.
func (m *Mark) Read() Place { return PlaceOf(m.v.Load()) }

// PlaceOf takes the value of a mark apart.
func PlaceOf(v uint64) Place {
	return Place{v >> wordsAt, v >> countAt & countMask, v&waited != 0, v&shut != 0}
}

// To is how many words and messages lie between two places.
func (p Place) To(q Place) (words, messages uint64) {
	return (q.Words - p.Words) & wordsMask, (q.Messages - p.Messages) & countMask
}

// Locks are the locks of a ring, by what they are for.
func (r *Ring) Locks() map[string]*prim.Lock {
	return map[string]*prim.Lock{"producers": &r.T, "line": &r.Line, "consumers": &r.H, "blocks": &r.B}
}
