package inspect

import (
	"fmt"
	"unsafe"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/park"
)

// load copies a T out of the arena. T is one of the layout's structs or a number: it has no pointers.
func load[T any](a *Arena, off arena.Offset) (*T, error) {
	s, err := loadSlice[T](a, off, 1)
	if err != nil {
		return nil, err
	}
	return &s[0], nil
}

// loadSlice copies n of them. It is the only way from the memory to the code that judges it: what that code
// works on is private and does not change. The caller bounds n.
func loadSlice[T any](a *Arena, off arena.Offset, n uint64) ([]T, error) {
	var t T
	size := uint64(unsafe.Sizeof(t))
	if uint64(off) > a.size || n > (a.size-uint64(off))/size {
		return nil, &FormatError{
			What:     "place",
			Expected: fmt.Sprintf("one within %d bytes", a.size),
			Found:    fmt.Sprintf("%d × %d bytes at %#x", n, size, uint64(off)),
		}
	}
	s := make([]T, n)
	if n == 0 {
		return s, nil
	}
	if _, err := a.file.ReadAt(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), n*size), int64(off)); err != nil {
		return nil, fmt.Errorf("mp: reading shared memory: %w", err)
	}
	return s, nil
}

// record is an object as it is copied out: its header, and of its payload as much as tells its state. The smallest
// block that an object fits in is larger.
type record struct {
	arena.Object
	payload [8]uint64
}

const (
	headerSize  = arena.Offset(unsafe.Sizeof(arena.Object{}))
	spanSize    = arena.Offset(unsafe.Sizeof(arena.Span{}))
	recordSize  = uint64(unsafe.Sizeof(record{}))
	lockSize    = uint64(unsafe.Sizeof(arena.LockState{}))
	valueSize   = uint64(unsafe.Sizeof(arena.ValueState{}))
	eventSize   = uint64(unsafe.Sizeof(arena.EventState{}))
	barrierSize = uint64(unsafe.Sizeof(arena.BarrierState{}))
	bellSize    = arena.Offset(unsafe.Sizeof(park.Bell{}))
	bellsAt     = arena.Offset(unsafe.Offsetof(park.Board{}.Bells))
	_           = -uint(unsafe.Offsetof(record{}.payload) - unsafe.Sizeof(arena.Object{}))
	_           = -uint(unsafe.Sizeof(arena.LockState{}) - unsafe.Sizeof(record{}.payload))
	_           = -uint(unsafe.Sizeof(arena.ValueState{}) - unsafe.Sizeof(record{}.payload))
	_           = -uint(unsafe.Sizeof(arena.EventState{}) - unsafe.Sizeof(record{}.payload))
)

func (r *record) lock() *arena.LockState   { return (*arena.LockState)(unsafe.Pointer(&r.payload)) }
func (r *record) value() *arena.ValueState { return (*arena.ValueState)(unsafe.Pointer(&r.payload)) }

// payload is an object's state; no T is larger than a record's payload, see above.
func payload[T any](r *record) *T { return (*T)(unsafe.Pointer(&r.payload)) }

// same tells whether two copies of the heap's words agree in every bit, the last transaction included.
func same(a, b *arena.Heap) bool {
	bytes := func(h *arena.Heap) string {
		return unsafe.String((*byte)(unsafe.Pointer(h)), unsafe.Sizeof(*h))
	}
	return bytes(a) == bytes(b)
}
