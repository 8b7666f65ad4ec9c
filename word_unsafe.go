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

// isWord tells whether a T is treated so; if not, it has the slip.
func isWord[T any]() bool { return sizeOf[T]() <= 8 && sizeOf[T]()&(sizeOf[T]()-1) == 0 }

// word64 is an element of 8 bytes.
func word64[T any](p *T) *uint64 { return (*uint64)(unsafe.Pointer(p)) }

// loadElement gives the element's bits, as toWord has them.
func loadElement[T any](p *T) uint64 {
	switch sizeOf[T]() {
	case 0:
		return 0
	case 8:
		return atomic.LoadUint64(word64(p))
	case 4:
		return uint64(atomic.LoadUint32((*uint32)(unsafe.Pointer(p))))
	}
	w, shift := part(p)
	return uint64(atomic.LoadUint32(w) >> shift & mask[T]())
}

// storeElement sets the element.
func storeElement[T any](p *T, x T) {
	switch sizeOf[T]() {
	case 0:
	case 8:
		atomic.StoreUint64(word64(p), toWord(x))
	case 4:
		atomic.StoreUint32((*uint32)(unsafe.Pointer(p)), uint32(toWord(x)))
	default:
		for !swapElement(p, loadElement(p), x) {
		}
	}
}

// swapElement sets the element to x if its bits are still old.
func swapElement[T any](p *T, old uint64, x T) bool {
	switch sizeOf[T]() {
	case 0:
		return true
	case 8:
		return atomic.CompareAndSwapUint64(word64(p), old, toWord(x))
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
