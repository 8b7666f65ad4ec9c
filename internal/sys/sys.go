// Package sys is the kernel as the rest of the module sees it: sealed memory, futexes, byte locks that the
// kernel drops at a process's death, pidfds, and the few facts about processes that /proc tells.
//
// Everything here works on Linux (amd64, arm64). Elsewhere each call returns an *UnsupportedError.
package sys

import (
	"errors"
	"runtime"
)

// UnsupportedError says which means of the operating system is missing, and on what.
type UnsupportedError struct{ What string }

// Error names the missing means and the system.
func (e *UnsupportedError) Error() string {
	return "mp: " + e.What + " needs Linux on amd64 or arm64; this is " + runtime.GOOS + "/" + runtime.GOARCH
}

// Is makes errors.Is(err, errors.ErrUnsupported) true.
func (e *UnsupportedError) Is(target error) bool { return target == errors.ErrUnsupported }

// AllBits is the mask of a FutexWake that any sleeper answers to.
const AllBits = ^uint32(0)
