package redo_test

import (
	"testing"
	"unsafe"

	"github.com/multiproc/mp/internal/redo"
)

// memory is words to change, as a process would map them.
type memory struct {
	_      uint64 // offset 0 is nowhere
	words  [redo.Size + 1]uint64
	record redo.Record
}

func (m *memory) view() redo.Memory {
	return redo.NewMemory(unsafe.Pointer(m), uint64(unsafe.Sizeof(*m)))
}

func TestTransaction(t *testing.T) {
	m := new(memory)
	tx := m.view().Begin(&m.record)
	tx.Set(&m.words[0], 9)
	tx.Set(&m.words[1], 0) // what it is already
	tx.Set(&m.words[0], 11)
	tx.Set(&m.words[2], 13)
	if tx.Get(&m.words[0]) != 11 || tx.Get(&m.words[1]) != 0 || m.words[0] != 0 {
		t.Errorf("before the commit: %d and %d, %d in memory", tx.Get(&m.words[0]), tx.Get(&m.words[1]), m.words[0])
	}
	tx.Commit()
	if m.words[0] != 11 || m.words[1] != 0 || m.words[2] != 13 || m.record.N.Load() != 0 {
		t.Errorf("after the commit: %v", m.words)
	}
	if m.record.Words[2] != (redo.Word{}) {
		t.Error("a word that has its value already took a place")
	}
}

func TestReplay(t *testing.T) {
	m := new(memory)
	tx := m.view().Begin(&m.record)
	tx.Set(&m.words[0], 1)
	tx.Set(&m.words[16], 2)
	m.view().Replay(&m.record) // nothing was committed
	if m.words[0] != 0 || m.words[16] != 0 {
		t.Errorf("replayed what was not committed: %v", m.words)
	}
	for stored := range 3 {
		clear(m.words[:])
		m.record.N.Store(2) // killed in the commit
		for _, w := range m.record.Words[:stored] {
			*m.view().Word(w.At) = w.Value
		}
		m.view().Replay(&m.record)
		if m.words[0] != 1 || m.words[16] != 2 || m.record.N.Load() != 0 {
			t.Errorf("%d stored: %v", stored, m.words)
		}
	}
}

func TestCorrupt(t *testing.T) {
	m, other := new(memory), uint64(0)
	for name, f := range map[string]func(){
		"too many words": func() {
			tx := m.view().Begin(&m.record)
			for i := range m.words {
				tx.Set(&m.words[i], 1)
			}
		},
		"another's word":      func() { tx := m.view().Begin(&m.record); tx.Set(&other, 1) },
		"a record too long":   func() { m.record.N.Store(redo.Size + 1); m.view().Replay(&m.record) },
		"a word at nowhere":   func() { m.view().Word(0) },
		"a word outside":      func() { m.view().Word(uint64(unsafe.Sizeof(*m))) },
		"a word out of place": func() { m.view().Word(12) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
