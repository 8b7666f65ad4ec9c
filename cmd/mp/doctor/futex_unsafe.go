//go:build linux

package doctor

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	futexWaitBitset = 9
	futexWakeBitset = 10
	anyBit          = 0xffffffff

	futexPatience = 2 * time.Second
)

// futex has one thread sleep on a word of shared memory, and another one wake it. The waker tries until the kernel
// says that it woke a sleeper: the sleeper needs a moment to fall asleep.
func futex(context.Context) (State, string) {
	f, _, err := newMemory(pageSize)
	if err != nil {
		return Missing, err.Error()
	}
	defer func() { _ = f.Close() }()
	page, err := unix.Mmap(int(f.Fd()), 0, pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return Missing, fmt.Sprintf("mapping shared memory: %v", err)
	}
	defer func() { _ = unix.Munmap(page) }()
	word := (*atomic.Uint32)(unsafe.Pointer(&page[0]))

	slept := make(chan unix.Errno, 1)
	go func() { slept <- futexWait(word) }()
	for deadline := time.Now().Add(futexPatience); ; {
		woken, errno := futexWake(word)
		if errno != 0 {
			word.Store(1)
			<-slept
			return Missing, fmt.Sprintf("FUTEX_WAKE_BITSET: %v", errno)
		}
		if woken == 1 {
			break
		}
		select {
		case errno := <-slept:
			return Missing, fmt.Sprintf("FUTEX_WAIT_BITSET does not sleep: %v", errno)
		default:
		}
		if time.Now().After(deadline) {
			<-slept
			return Missing, fmt.Sprintf("no sleeper was woken within %v", futexPatience)
		}
		runtime.Gosched()
	}
	if errno := <-slept; errno != 0 {
		return Missing, fmt.Sprintf("FUTEX_WAIT_BITSET: %v", errno)
	}
	return OK, "FUTEX_WAIT_BITSET and FUTEX_WAKE_BITSET on shared memory"
}

// futexWait sleeps while the word is 0, but not longer than the waker tries: the time is one of CLOCK_MONOTONIC.
func futexWait(word *atomic.Uint32) unix.Errno {
	var until unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &until); err != nil {
		return unix.ENOSYS
	}
	until = unix.NsecToTimespec(until.Nano() + int64(2*futexPatience))
	for word.Load() == 0 {
		_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWaitBitset, 0,
			uintptr(unsafe.Pointer(&until)), 0, anyBit)
		if errno != unix.EINTR { // the runtime's own signals
			return errno
		}
	}
	return 0
}

func futexWake(word *atomic.Uint32) (int, unix.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWakeBitset, 1, 0, 0, anyBit)
	return int(n), errno
}
