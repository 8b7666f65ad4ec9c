package mp

import (
	"bytes"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/prim"
)

// enroll makes a child a party of the barriers that it is given with its order, before it has the order: from here on
// its death breaks them, though it may not have come so far as to open them. A handle is found in the encoded order by
// its bytes, among which is the arena's random number: they are nothing else there.
func (st *processState) enroll(name string, order []byte) {
	for _, h := range st.arena.barriersIn(order) {
		state := arena.PayloadOf[arena.BarrierState](h.object)
		seat := func(slot uint32) { prim.Enroll(&state.Seats[slot]) }
		if !st.arena.in.Lend(h.object, st.id, seat) {
			// Dead already, and perhaps swept: nobody else will tell.
			me := st.arena.in.PartyOf(state)
			state.Barrier.Break(&me, prim.PartyDied, prim.Person{ID: st.id, PID: uint32(st.pid), Name: name})
		}
		h.drop()
	}
}

// barriersIn takes a hold of each barrier whose handle is among the bytes. The caller drops them.
func (a *Arena) barriersIn(b []byte) (found []*hold) {
	a.holds.mu.Lock()
	defer a.holds.mu.Unlock()
	for _, h := range a.holds.by {
		if h.object.Kind == arena.KindBarrier && bytes.Contains(b, h.bytes()) {
			h.refs++
			found = append(found, h)
		}
	}
	return found
}
