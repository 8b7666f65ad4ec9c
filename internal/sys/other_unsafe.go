//go:build !linux

package sys

import (
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

var begin = time.Now()

// ErrTaken is what TakeByte returns for a byte that somebody else holds.
var ErrTaken = errors.New("mp: the byte is taken")

// Address is a place in a mapping, for those who keep it but never look behind it.
type Address = unsafe.Pointer

func shared() error { return &UnsupportedError{What: "memory shared between processes"} }

// FutexWait needs Linux. Nothing gets this far without shared memory.
func FutexWait(*atomic.Uint32, uint32, uint32) { panic(shared()) }

// FutexWake needs Linux. Nothing gets this far without shared memory.
func FutexWake(*atomic.Uint32, int, uint32) int { panic(shared()) }

// Yield is for other processes, of which there are none here.
func Yield() {}

// NewMemory needs Linux.
func NewMemory(string, int64) (*os.File, error) { return nil, shared() }

// Sealed is false: there is no sealed memory here.
func Sealed(uintptr) bool { return false }

// Map needs Linux.
func Map(*os.File, int64, bool) (unsafe.Pointer, error) { return nil, shared() }

// Unmap needs Linux.
func Unmap(unsafe.Pointer, int64) error { return shared() }

// Reserve needs Linux.
func Reserve(*os.File, int64, int64) error { return shared() }

// Punch needs Linux.
func Punch(*os.File, int64, int64) error { return shared() }

// Reopen needs Linux.
func Reopen(*os.File) (*os.File, error) { return nil, shared() }

// TakeByte needs Linux.
func TakeByte(*os.File, int64) error { return shared() }

// ByteTaken needs Linux.
func ByteTaken(*os.File, int64) (bool, error) { return true, shared() }

// Monotonic is nanoseconds since the program began.
func Monotonic() int64 { return int64(time.Since(begin)) }

// StartTime needs Linux.
func StartTime(int) (uint64, error) { return 0, &UnsupportedError{What: "a process's start time"} }

// PIDNamespace is 0: unknown.
func PIDNamespace() uint64 { return 0 }

// Gone is false: nothing can be proved.
func Gone(int) bool { return false }

// Reused is false: nothing can be proved.
func Reused(int, uint64) bool { return false }

// CPUs is the number of CPUs.
func CPUs() int { return runtime.NumCPU() }
