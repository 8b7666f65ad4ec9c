package inspect

import (
	"fmt"
	"unsafe"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/dict"
	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/slab"
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

// chunk is an object of trace records.
type chunk struct {
	arena.Object
	records arena.TraceState
}

// recordAt is where the record with this number begins in it.
func recordAt(i int) arena.Offset {
	return headerSize + arena.Offset(unsafe.Offsetof(arena.TraceState{}.Records)) + arena.Offset(i)*arena.Offset(unsafe.Sizeof(arena.TraceRecord{}))
}

const (
	headerSize = arena.Offset(unsafe.Sizeof(arena.Object{}))
	spanSize   = arena.Offset(unsafe.Sizeof(arena.Span{}))
	recordSize = uint64(unsafe.Sizeof(record{}))
	lockSize   = uint64(unsafe.Sizeof(arena.LockState{}))
	rlockSize  = uint64(unsafe.Sizeof(arena.RLockState{}))
	valueSize  = uint64(unsafe.Sizeof(arena.ValueState{}))
	traceSize  = uint64(unsafe.Sizeof(arena.TraceState{}))
	rwLockSize = uint64(unsafe.Sizeof(arena.RWLockState{}))
	readersAt  = headerSize + arena.Offset(unsafe.Offsetof(arena.RWLockState{}.Readers))
	eventSize  = uint64(unsafe.Sizeof(arena.EventState{}))
	extentSize = arena.Offset(unsafe.Sizeof(arena.Extent{}))
	bellSize   = arena.Offset(unsafe.Sizeof(park.Bell{}))
	bellsAt    = arena.Offset(unsafe.Offsetof(park.Board{}.Bells))
	_          = -uint(unsafe.Offsetof(record{}.payload) - unsafe.Sizeof(arena.Object{}))
	_          = -uint(unsafe.Sizeof(arena.LockState{}) - unsafe.Sizeof(record{}.payload))
	_          = -uint(unsafe.Sizeof(arena.RLockState{}) - unsafe.Sizeof(record{}.payload))
	_          = -uint(unsafe.Sizeof(arena.ValueState{}) - unsafe.Sizeof(record{}.payload))

	barrierSize   = uint64(unsafe.Sizeof(arena.BarrierState{}))
	conditionSize = uint64(unsafe.Sizeof(arena.ConditionState{}))
	semaphoreSize = uint64(unsafe.Sizeof(arena.SemaphoreState{}))
	boundedSize   = uint64(unsafe.Sizeof(arena.BoundedState{}))
	queueSize     = uint64(unsafe.Sizeof(arena.QueueState{}))
	arraySize     = uint64(unsafe.Sizeof(arena.ArrayState{}))
	rawArraySize  = uint64(unsafe.Sizeof(arena.RawArrayState{}))
	_             = -uint(unsafe.Sizeof(arena.ArrayState{}) - unsafe.Sizeof(record{}.payload))
	_             = -uint(unsafe.Sizeof(arena.RawArrayState{}) - unsafe.Sizeof(record{}.payload))
	pipeSize      = uint64(unsafe.Sizeof(arena.PipeState{}))
	listSize      = uint64(unsafe.Sizeof(arena.ListState{}))
	cellHead      = uint64(unsafe.Sizeof(slab.Cell{}))
	dictSize      = uint64(unsafe.Sizeof(arena.DictState{}))
	joinableSize  = uint64(unsafe.Sizeof(arena.JoinableQueueState{}))
	simpleSize    = uint64(unsafe.Sizeof(arena.SimpleQueueState{}))
	_             = -uint(unsafe.Sizeof(arena.SemaphoreState{}) - unsafe.Sizeof(record{}.payload))
	_             = -uint(unsafe.Sizeof(arena.RWLockHead{}) - unsafe.Sizeof(record{}.payload))
	_             = -uint(unsafe.Sizeof(arena.EventState{}) - unsafe.Sizeof(record{}.payload))
)

func (r *record) lock() *arena.LockState    { return (*arena.LockState)(unsafe.Pointer(&r.payload)) }
func (r *record) rlock() *arena.RLockState  { return (*arena.RLockState)(unsafe.Pointer(&r.payload)) }
func (r *record) value() *arena.ValueState  { return (*arena.ValueState)(unsafe.Pointer(&r.payload)) }
func (r *record) rwLock() *arena.RWLockHead { return (*arena.RWLockHead)(unsafe.Pointer(&r.payload)) }

func (r *record) semaphore() *arena.SemaphoreState {
	return (*arena.SemaphoreState)(unsafe.Pointer(&r.payload))
}

// samePermits tells whether two copies of a semaphore agree in every bit.
func samePermits(a, b *arena.BoundedState) bool {
	bytes := func(s *arena.BoundedState) string {
		return unsafe.String((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s))
	}
	return bytes(a) == bytes(b)
}

// payload is an object's state; no T is larger than a record's payload, see above.
func payload[T any](r *record) *T { return (*T)(unsafe.Pointer(&r.payload)) }

// same tells whether two copies of the heap's words agree in every bit, the last transaction included.
func same(a, b *arena.Heap) bool {
	bytes := func(h *arena.Heap) string {
		return unsafe.String((*byte)(unsafe.Pointer(h)), unsafe.Sizeof(*h))
	}
	return bytes(a) == bytes(b)
}

// sameShard tells whether two copies of a shard agree in every bit.
func sameShard(a, b *dict.Shard) bool {
	bytes := func(s *dict.Shard) string {
		return unsafe.String((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s))
	}
	return bytes(a) == bytes(b)
}
