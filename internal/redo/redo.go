// Package redo changes several words of shared memory as if they were one, whenever a process is killed.
//
// A record lies beside a lock, and whoever holds the lock makes one transaction at a time:
//
//	empty      N = 0, Words are rubbish; Begin leads here
//	written    Set writes to Words; killed here, nothing has happened
//	committed  N > 0: Commit; killed here, whoever finds the dead replays before it frees the lock
//	empty      all words are stored, N = 0
//
// The values are absolute, so that storing them twice does no harm. What makes this safe is the order in which one
// thread runs its instructions: at its death all of them up to one have taken effect. The atomic stores of N keep the
// compiler from moving the plain ones across; those are plain because each atomic one would cost as much as the lock.
// So whoever reads without the lock may see some words of a transaction and not yet others, and checks what it reads.
//
// Of nested locks the innermost one's record takes all words: it is replayed first.
package redo

import (
	"fmt"
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
)

// Size is how many words a transaction may change.
const Size = 16

// Record makes several stores one. Its lock guards it.
type Record struct {
	_     structs.HostLayout
	N     atomic.Uint64 // of the words that are committed and perhaps not all stored; 0: none
	Words [Size]Word
}

// Word is one store of a transaction.
type Word struct {
	_     structs.HostLayout
	At    uint64 // in the memory, in bytes
	Value uint64
}

// Change is a word and what it is to become, for who makes a transaction on behalf of another.
type Change struct {
	Word  *uint64
	Value uint64
}

// Tx is a transaction. The record's lock is held from Begin to Commit.
type Tx struct {
	m Memory
	r *Record
	n uint64
}

// Begin starts a transaction.
func (m Memory) Begin(r *Record) Tx { return Tx{m: m, r: r} }

// Set changes a word when the transaction commits. Setting it again replaces the value. A word that has the
// value already costs no place in the record.
func (t *Tx) Set(word *uint64, v uint64) {
	at := t.m.Offset(word)
	for i := range t.n {
		if w := &t.r.Words[i]; w.At == at {
			w.Value = v
			return
		}
	}
	if *word == v {
		return
	}
	if t.n == Size {
		tooLong()
	}
	failpoint.Hit("redo: writing")
	t.r.Words[t.n] = Word{At: at, Value: v}
	t.n++
}

func tooLong() { panic(fmt.Sprintf("mp: a transaction of more than %d words", Size)) }

// Get is the word as the transaction will leave it.
func (t *Tx) Get(word *uint64) uint64 {
	at := t.m.Offset(word)
	for i := range t.n {
		if w := &t.r.Words[i]; w.At == at {
			return w.Value
		}
	}
	return *word
}

// Commit makes all changes, by one instruction as far as death is concerned.
func (t *Tx) Commit() {
	failpoint.Hit("redo: written")
	t.r.N.Store(t.n)
	t.m.Replay(t.r)
}

// Replay stores a committed transaction, wholly, even if some of it has been stored already. The caller
// holds the record's lock, or has the proof that its holder is dead.
func (m Memory) Replay(r *Record) {
	n := r.N.Load()
	if n > Size {
		panic(fmt.Sprintf("mp: corrupt arena: a redo record of %d words", n))
	}
	for i := range n {
		failpoint.Hit("redo: storing")
		w := &r.Words[i]
		*m.Word(w.At) = w.Value
	}
	failpoint.Hit("redo: stored")
	r.N.Store(0)
	failpoint.Hit("redo: done")
}
