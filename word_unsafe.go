package mp

import (
	"sync/atomic"
	"unsafe"

	"github.com/multiproc/mp/internal/arena"
)

const arrayStateSize, rawArrayStateSize = uint64(unsafe.Sizeof(arena.ArrayState{})), uint64(unsafe.Sizeof(arena.RawArrayState{}))

// elements are n Ts at the beginning of b.
func elements[T any](b []byte, n uint64) []T { return unsafe.Slice(view[T](b), n) }

// The functions below treat a T of 1, 2, 4 or 8 bytes that lies aligned to its size, at one instruction. The processor
// has none for less than 4 bytes that Go knows of: those are a part of the 4 around them, which are the array's too, as its room
// ends with a cache line.

// part is the word that p is a part of, and how far up in it (little-endian). Its size is at most 4.
func part[T any](p *T) (w *uint32, shift uintptr) {
	off := uintptr(unsafe.Pointer(p)) % 4
	return (*uint32)(unsafe.Add(unsafe.Pointer(p), -int(off))), off * 8
}

func mask[T any]() uint32 { return uint32(1<<(8*sizeOf[T]()) - 1) }

// loadElement gives the element, and its bits as toWord has them.
func loadElement[T any](p *T) (x T, bits uint64) {
	switch sizeOf[T]() {
	case 0:
		return x, 0
	case 8:
		bits = atomic.LoadUint64((*uint64)(unsafe.Pointer(p)))
	case 4:
		bits = uint64(atomic.LoadUint32((*uint32)(unsafe.Pointer(p))))
	default:
		w, shift := part(p)
		bits = uint64(atomic.LoadUint32(w) >> shift & mask[T]())
	}
	return fromWord[T](bits), bits
}

// storeElement sets the element.
func storeElement[T any](p *T, x T) {
	switch sizeOf[T]() {
	case 0:
	case 8:
		atomic.StoreUint64((*uint64)(unsafe.Pointer(p)), toWord(x))
	case 4:
		atomic.StoreUint32((*uint32)(unsafe.Pointer(p)), uint32(toWord(x)))
	default:
		for {
			_, old := loadElement(p)
			if swapElement(p, old, x) {
				return
			}
		}
	}
}

// swapElement sets the element to x if its bits are still old.
func swapElement[T any](p *T, old uint64, x T) bool {
	switch sizeOf[T]() {
	case 0:
		return true
	case 8:
		return atomic.CompareAndSwapUint64((*uint64)(unsafe.Pointer(p)), old, toWord(x))
	}
	w, shift := part(p)
	m := mask[T]() << shift
	for {
		word := atomic.LoadUint32(w)
		if word&m != uint32(old)<<shift {
			return false
		}
		if atomic.CompareAndSwapUint32(w, word, word&^m|uint32(toWord(x))<<shift) {
			return true
		}
	}
}
