package mp

import (
	"hash/fnv"
	"io"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/pod"
)

const (
	lockStateSize   = uint64(unsafe.Sizeof(arena.LockState{}))
	rlockStateSize  = uint64(unsafe.Sizeof(arena.RLockState{}))
	rwLockStateSize = uint64(unsafe.Sizeof(arena.RWLockState{}))
	valueStateSize  = uint64(unsafe.Sizeof(arena.ValueState{}))

	conditionSize      = uint64(unsafe.Sizeof(arena.ConditionState{}))
	eventStateSize     = uint64(unsafe.Sizeof(arena.EventState{}))
	barrierStateSize   = uint64(unsafe.Sizeof(arena.BarrierState{}))
	semaphoreStateSize = uint64(unsafe.Sizeof(arena.SemaphoreState{}))
	boundedStateSize   = uint64(unsafe.Sizeof(arena.BoundedState{}))
	listStateSize      = uint64(unsafe.Sizeof(arena.ListState{}))

	joinableStateSize = uint64(unsafe.Sizeof(arena.JoinableQueueState{}))
	simpleStateSize   = uint64(unsafe.Sizeof(arena.SimpleQueueState{}))
)

// fingerprint and describe are of the type in an object; nil is for objects without one.
func fingerprint(t reflect.Type) uint64 {
	if t == nil {
		return 1
	}
	f := pod.Fingerprint(t)
	if pod.Check(t) != nil {
		// What is behind pointers is no layout: []int and []string lie in memory alike, and travel differently.
		h := fnv.New64a()
		_, _ = io.WriteString(h, t.String()) // a hash takes everything
		f ^= h.Sum64()
	}
	return f
}

func describe(t reflect.Type) string {
	if t == nil {
		return "none"
	}
	return pod.Describe(t)
}

// mustPlain panics if a T cannot live in shared memory: a misuse that no run of the program survives.
func mustPlain[T any]() reflect.Type {
	t := reflect.TypeFor[T]()
	if err := pod.Check(t); err != nil {
		panic(err)
	}
	return t
}

// toWord and fromWord are a T of at most 8 bytes as a word, its bytes first, the rest zero.
func toWord[T any](v T) (w uint64) {
	*(*T)(unsafe.Pointer(&w)) = v
	return w
}

func fromWord[T any](w uint64) T { return *(*T)(unsafe.Pointer(&w)) }

// view is a T at the beginning of b.
func view[T any](b []byte) *T { return (*T)(unsafe.Pointer(unsafe.SliceData(b))) }

// sizeOf is T's size in bytes.
func sizeOf[T any]() uint64 {
	var t T
	return uint64(unsafe.Sizeof(t))
}

// addWord adds to a T of 4 or 8 bytes in one instruction.
func addWord[T Integer](w *atomic.Uint64, delta T) T {
	if unsafe.Sizeof(delta) == 4 {
		return T((*atomic.Uint32)(unsafe.Pointer(w)).Add(uint32(delta))) // little-endian: the low half
	}
	return T(w.Add(uint64(delta)))
}
