//go:build linux

package sys

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	futexWaitBitset = 9
	futexWakeBitset = 10
)

// FutexWait sleeps in the kernel while *w is v, until a FutexWake whose mask shares a bit with bits.
// It returns for any signal too, so a caller always loops over its condition. It never sleeps with a
// timeout. The word may lie in a mapping that several processes share. futex(2), FUTEX_WAIT_BITSET.
func FutexWait(w *atomic.Uint32, v, bits uint32) {
	// Syscall6, not RawSyscall6: the scheduler must know that this thread is gone, or it keeps the P.
	_, _, _ = syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWaitBitset, uintptr(v), 0, 0, uintptr(bits))
}

// FutexWake wakes at most n sleepers of w whose mask shares a bit with bits and returns how many it woke.
func FutexWake(w *atomic.Uint32, n int, bits uint32) int {
	// Raw: a wake never blocks, and telling the scheduler would cost as much as the call.
	woken, _, errno := syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWakeBitset, uintptr(n), 0, 0, uintptr(bits))
	if errno != 0 {
		return 0
	}
	return int(woken)
}

// Yield lets another thread that is ready for this CPU run first. sched_yield(2).
func Yield() { _, _, _ = syscall.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
