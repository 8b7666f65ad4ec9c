// Package arena is memory that all processes of a family map, and what makes it theirs: the process table
// with proof of life, the allocator, the directory of objects, and the sweep that cleans up after the dead.
//
// Everything that several processes touch is either one word that changes by one instruction, or changes
// by a transaction of the heap's redo record. So a process may be killed at any instruction: what it had
// not committed did not happen, and what it held is freed or marked by whoever proves its death first.
//
// Lock order: Heap.Lock is the only lock here and the innermost; no code of a user runs under it.
package arena

import (
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/sys"
)

// defaultSize is an arena's address space. Untouched it costs nothing.
const defaultSize = 64 << 30

// MinSize holds the tables and a few objects.
const MinSize = 16 << 20

// Arena is one process's view of shared memory. It stays mapped as long as the process lives: a stale
// pointer into an unmapped arena would point into whatever came after it.
type Arena struct {
	file  *os.File // the shared memory
	life  *os.File // the description whose byte lock proves that this process lives
	base  sys.Address
	size  uint64
	id    uint32 // of this process
	slot  uint32
	park  *park.Shared
	sweep sync.Mutex // one sweep at a time in this process
	spin  park.Spin  // the heap lock's
	limbo places     // which of this process's limbo places are taken
	trace traceRoom  // which of its trace records are free

	corpses []uint32 // those that this process has seized, by id; whoever sweeps has it

	ticks     uint32 // of the parker; only its goroutine counts
	ticked    atomic.Pointer[func()]
	closeOnce sync.Once
}

// New makes an arena of size bytes (0: defaultSize) and enters this process as its first.
func New(name string, size int64) (*Arena, error) {
	if size == 0 {
		size = defaultSize
	}
	if size < MinSize {
		return nil, &FullError{What: "bytes of address space (the least an arena needs)", Asked: MinSize, Left: size}
	}
	size = size &^ (SpanSize - 1)
	f, err := sys.NewMemory("mp-arena", size)
	if err != nil {
		return nil, err
	}
	// The tables that every process touches must never fault for want of memory.
	if err := sys.Reserve(f, 0, int64(directory)); err != nil {
		return nil, errors.Join(&FullError{What: "bytes for its tables", Asked: int64(directory), Err: err}, f.Close())
	}
	a, err := mapped(f, size)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	a.format(name)
	life, slot, err := a.Claim(0, "MainProcess")
	if err == nil {
		err = a.enter(life, slot, true)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Attach enters the process that was started with these two descriptors, in the slot claimed for it.
// sameNamespace says that it is known to be in its parent's pid namespace.
func Attach(f, life *os.File, slot uint32, sameNamespace bool) (*Arena, error) {
	size, err := check(f)
	if err != nil {
		return nil, err
	}
	a, err := mapped(f, size)
	if err != nil {
		return nil, err
	}
	if err := Validate(a.Header(), uint64(size)); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if slot >= Slots || State(a.Slot(slot).State.Load()).Status() != Starting {
		err := &FormatError{What: "process slot", Expected: "one that is starting", Found: slot}
		return nil, errors.Join(err, a.Close())
	}
	return a, a.enter(life, slot, sameNamespace)
}

func mapped(f *os.File, size int64) (*Arena, error) {
	base, err := sys.Map(f, size, true)
	if err != nil {
		return nil, err
	}
	return &Arena{file: f, base: base, size: uint64(size)}, nil
}

// check tells the size of the memory behind f, if a mapping of it can be trusted not to fault.
func check(f *os.File) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !sys.Sealed(f.Fd()) {
		return 0, &FormatError{What: "shared memory", Expected: "a memfd sealed against shrinking", Found: f.Name()}
	}
	if st.Size() < MinSize {
		return 0, &FormatError{What: "size", Expected: "at least " + bytes(MinSize), Found: bytes(st.Size())}
	}
	return st.Size(), nil
}

// format writes the header; the memory is all zero.
func (a *Arena) format(name string) {
	h := a.Header()
	h.Version, h.Size, h.Created = Version, a.size, time.Now().UnixNano()
	h.PIDNamespace, h.ID = sys.PIDNamespace(), rand.Uint64()
	h.TableAt, h.BoardAt, h.HeapAt, h.DirectoryAt, h.SpansAt = tableAt, boardAt, heapAt, directory, spansAt
	h.Spans, h.BlocksAt = heapSpans(a.size)
	copy(h.Name[:], name)
	if exe, err := os.Executable(); err == nil {
		copy(h.Program[:], exe)
	}
	h.Checksum = checksum(h)
	h.Magic.Store(Magic)
}

// heapSpans divides what is left behind the fixed tables between the spans and their records.
func heapSpans(size uint64) (spans uint64, blocksAt Offset) {
	spans = (size - uint64(spansAt)) / (SpanSize + spanSize)
	blocksAt = (spansAt + Offset(spans*spanSize) + SpanSize - 1) &^ (SpanSize - 1)
	return (size - uint64(blocksAt)) / SpanSize, blocksAt
}

// Validate checks a header before anything in it is used; size is the memory's.
func Validate(h *Header, size uint64) error {
	if m := h.Magic.Load(); m != Magic {
		return &FormatError{What: "magic number", Expected: hex(Magic), Found: hex(m)}
	}
	if h.Version != Version {
		return &FormatError{What: "layout version", Expected: Version, Found: h.Version}
	}
	if sum := checksum(h); h.Checksum != sum {
		return &FormatError{What: "header checksum", Expected: hex(uint64(sum)), Found: hex(uint64(h.Checksum))}
	}
	if h.Size != size {
		return &FormatError{What: "size", Expected: bytes(int64(h.Size)), Found: bytes(int64(size))}
	}
	spans, blocksAt := heapSpans(size)
	if h.TableAt != tableAt || h.BoardAt != boardAt || h.HeapAt != heapAt || h.DirectoryAt != directory ||
		h.SpansAt != spansAt || h.BlocksAt != blocksAt || h.Spans != spans {
		return &FormatError{What: "places of the tables", Expected: "those of layout version 1", Found: "others"}
	}
	return nil
}

// Me is the id of this process in the arena, never 0.
func (a *Arena) Me() uint32 { return a.id }

// Parker is how goroutines of this process sleep on words of the arena.
func (a *Arena) Parker() *park.Shared { return a.park }

// File is the descriptor of the shared memory, for handing it to a child.
func (a *Arena) File() *os.File { return a.file }

// Close gives up this process's place and view. It is for arenas that failed to open and for tests: a
// program keeps its arena until it ends.
func (a *Arena) Close() (err error) {
	a.closeOnce.Do(func() {
		if a.life != nil {
			err = a.life.Close()
		}
		err = errors.Join(err, sys.Unmap(a.base, int64(a.size)), a.file.Close())
	})
	return err
}
