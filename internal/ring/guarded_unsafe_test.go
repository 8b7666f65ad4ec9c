//go:build linux

package ring

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// guarded makes a ring that ends where no memory is: who reads or writes behind it faults. The words are all of it, head first.
func guarded(tb testing.TB, size, most uint64) (r *Ring, words []uint64) {
	tb.Helper()
	page := os.Getpagesize()
	room := (int(Memory(size)) + page - 1) / page * page
	b, err := syscall.Mmap(-1, 0, page+room+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = syscall.Munmap(b) })
	for _, wall := range [][]byte{b[:page], b[page+room:]} {
		if err := syscall.Mprotect(wall, syscall.PROT_NONE); err != nil {
			tb.Fatal(err)
		}
	}
	at := page + room - int(Memory(size))
	r = (*Ring)(unsafe.Pointer(&b[at]))
	r.Init(size, most)
	return r, unsafe.Slice((*uint64)(unsafe.Pointer(&b[at])), Memory(size)/wordSize)
}
