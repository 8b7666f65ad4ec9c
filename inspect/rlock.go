package inspect

import "github.com/multiproc/mp/internal/arena"

// rlock reads an RLock: the low half of its word is a lock's word, and the rest tells which party of the process
// holds it, how deep.
func (f *family) rlock(r *record) *Lock {
	l := f.lock(r)
	if owner := r.rlock().RLock.HeldBy(); l.State == "held" {
		l.Token, l.Depth = owner.Token, int(owner.Depth)
	}
	return l
}

// checkRLock looks for what a holder, alive or dead, has left beside a lock that is nobody's.
func (l *look) checkRLock(where string, r *record) {
	state := &r.rlock().RLock
	owner := state.HeldBy()
	l.held(where, owner.ID, owner.Dead)
	if owner.ID == 0 || owner.Dead {
		token, again := state.Left()
		l.must(token == 0, where, "token", "none, as nobody holds it", "%d", token)
		l.must(again == 0, where, "levels", "none, as nobody holds it", "%d more than one", again)
	}
	l.must(r.rlock().Policy.Load() <= arena.PolicyRelease, where, "policy", "0 or 1", "%d", r.rlock().Policy.Load())
}
