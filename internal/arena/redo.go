package arena

import (
	"fmt"

	"github.com/multiproc/mp/internal/failpoint"
)

// tx is a transaction: up to RedoSize words of the arena that change together or not at all, whenever the
// process is killed. The heap lock is held from begin to commit, so there is one at a time.
//
//	empty     Redo.N = 0, Words are rubbish; begin leads here
//	written   set writes to Words; killed here, nothing has happened
//	committed Redo.N > 0: commit; killed here, the sweep replays before it frees the lock
//	empty     all words are stored, Redo.N = 0
//
// What makes this safe is the order in which one thread runs its instructions: at its death all of them up to
// one have taken effect. The atomic stores of N keep the compiler from moving the plain ones across; those are
// plain because each atomic one would cost as much as the lock. So whoever reads without the lock
// (eachObject, Used) may see some words of a transaction and not yet others, and checks what he reads.
type tx struct {
	a *Arena
	r *Redo
	n uint64
}

func (a *Arena) begin() tx { return tx{a: a, r: &a.Heap().Redo} }

// set changes a word when the transaction commits. Setting it again replaces the value. A word that has the
// value already costs no place in the record.
func (t *tx) set(word *uint64, v uint64) {
	at := t.a.offset(word)
	for i := range t.n {
		if w := &t.r.Words[i]; w.At == at {
			w.Value = v
			return
		}
	}
	if *word == v {
		return
	}
	if t.n == RedoSize {
		panic(fmt.Sprintf("mp: a transaction of more than %d words", RedoSize))
	}
	failpoint.Hit("redo: writing")
	t.r.Words[t.n] = RedoWord{At: at, Value: v}
	t.n++
}

// get is the word as the transaction will leave it.
func (t *tx) get(word *uint64) uint64 {
	at := t.a.offset(word)
	for i := range t.n {
		if w := &t.r.Words[i]; w.At == at {
			return w.Value
		}
	}
	return *word
}

// commit makes all changes, by one instruction as far as death is concerned.
func (t *tx) commit() {
	failpoint.Hit("redo: written")
	t.r.N.Store(t.n)
	t.a.replay()
}

// replay stores a committed transaction, wholly, even if some of it has been stored already. The caller
// holds the heap lock, or sweeps the dead process that does.
func (a *Arena) replay() {
	r := &a.Heap().Redo
	n := r.N.Load()
	if n > RedoSize {
		panic(fmt.Sprintf("mp: corrupt arena: a redo record of %d words", n))
	}
	for i := range n {
		failpoint.Hit("redo: storing")
		w := &r.Words[i]
		*at[uint64](a, w.At) = w.Value
	}
	failpoint.Hit("redo: stored")
	r.N.Store(0)
	failpoint.Hit("redo: done")
}
