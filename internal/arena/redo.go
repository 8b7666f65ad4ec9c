package arena

import "github.com/multiproc/mp/internal/redo"

// tx is a transaction of the heap. The heap lock is held from begin to Commit, so there is one at a time.
type tx struct {
	redo.Tx
	a *Arena
}

func (a *Arena) begin() tx { return tx{a.memory().Begin(&a.Heap().Redo), a} }

func (a *Arena) memory() redo.Memory { return redo.NewMemory(a.base, a.size) }

// replay ends the transaction that a dead holder of the heap lock was in.
func (a *Arena) replay() { a.memory().Replay(&a.Heap().Redo) }

// offset is where a word of the arena lies: at, backwards.
func (a *Arena) offset(word *uint64) Offset { return Offset(a.memory().Offset(word)) }
