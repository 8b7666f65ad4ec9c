//go:build linux

package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/sys"
)

// The shared memory: words, each on a cache line of its own, then a board. Word 0 stays unused: a board takes offset 0
// for "none".
const (
	wordSize  = 64
	wordCount = 1 << 14
	boardAt   = wordCount * wordSize
	memSize   = boardAt + (1 << 20)
)

const _ = uint((1 << 20) - unsafe.Sizeof(park.Board{}))

type memory struct{ base sys.Address }

func openMemory(f *os.File) (memory, error) {
	base, err := sys.Map(f, memSize, true)
	return memory{base}, err
}

// word panics if there is no word i.
func (m memory) word(i int) *atomic.Uint32 {
	if i <= 0 || i >= wordCount {
		panic("sleep: there is no such word")
	}
	return (*atomic.Uint32)(unsafe.Add(m.base, i*wordSize))
}

func (m memory) board() *park.Board { return (*park.Board)(unsafe.Add(m.base, boardAt)) }

// wait64 is a list of words for futex_waitv(2).
type wait64 [64]struct {
	value   uint64
	address uint64
	flags   uint32
	_       uint32
}

func (l *wait64) set(i int, w *atomic.Uint32) {
	const size32 = 2 // FUTEX2_SIZE_U32
	l[i].address, l[i].flags = uint64(uintptr(unsafe.Pointer(w))), size32
}

// sleep returns when any of the words is not, or no longer, what its value says, and for any signal.
func (l *wait64) sleep() error {
	_, _, errno := syscall.Syscall6(unix.SYS_FUTEX_WAITV, uintptr(unsafe.Pointer(l)), uintptr(len(l)), 0, 0, 0, 0)
	if errno == 0 || errno == unix.EAGAIN || errno == unix.EINTR {
		return nil
	}
	return os.NewSyscallError("futex_waitv", errno)
}
