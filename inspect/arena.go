package inspect

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/sys"
)

// FormatError says that something is no arena, or not one that this version reads: what was expected, what was found.
type FormatError = arena.FormatError

// maxSize bounds the time that a crafted arena can cost.
const maxSize = 16 << 40

// Arena is the shared memory of a family of processes, opened for looking. Its methods may be called by several
// goroutines. It keeps the memory, not the processes, alive until Close.
type Arena struct {
	file      *os.File
	size      uint64
	header    *arena.Header // a copy, checked
	namespace uint64        // ours, of pids
	pauses    []time.Duration
}

// OpenFile looks at the arena behind f: a descriptor of its memory, or a copy of that in a file. f may be read-only.
// It belongs to the Arena unless there is an error. A copy shows the processes as they were, and none alive.
func OpenFile(f *os.File) (*Arena, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() < arena.MinSize || st.Size() > maxSize {
		return nil, &FormatError{
			What:     "size",
			Expected: fmt.Sprintf("a file of %d to %d bytes", int64(arena.MinSize), int64(maxSize)),
			Found:    fmt.Sprintf("%s, %d bytes", st.Mode(), st.Size()),
		}
	}
	a := &Arena{file: f, size: uint64(st.Size()), namespace: sys.PIDNamespace(), pauses: pauses}
	if a.header, err = load[arena.Header](a, 0); err != nil {
		return nil, err
	}
	if err := arena.Validate(a.header, a.size); err != nil {
		return nil, err
	}
	return a, nil
}

// Close ends the looking. The Arena must not be used afterwards.
func (a *Arena) Close() error { return a.file.Close() }

// ErrNoArena is what Open returns, with the pid, for a process without shared memory of mp.
var ErrNoArena = errors.New("mp: the process has no shared memory of mp")
