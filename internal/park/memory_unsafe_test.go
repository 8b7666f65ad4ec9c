package park

import (
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/multiproc/mp/internal/sys"
)

// memory is a piece of shared memory with a board and words.
type memory struct {
	base  unsafe.Pointer
	board *Board
	next  uintptr
}

const memorySize = 8 << 20

func newMemory(t testing.TB) *memory {
	t.Helper()
	f, err := sys.NewMemory("park-test", memorySize)
	if err != nil {
		t.Skip(err) // shared memory is Linux's; the heap's half of the suite runs everywhere
	}
	base, err := sys.Map(f, memorySize, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil { // the mapping stays: a dispatcher may still sleep on it
			t.Error(err)
		}
	})
	return &memory{base: base, board: (*Board)(unsafe.Add(base, 4096)), next: 4096 + unsafe.Sizeof(Board{})}
}

func (m *memory) parker(slot uint32) *Shared {
	return NewShared(m.base, m.board, slot, func() {})
}

// word is a new one, on a cache line of its own.
func (m *memory) word() *atomic.Uint32 {
	w := (*atomic.Uint32)(unsafe.Add(m.base, m.next))
	m.next += 64
	return w
}
