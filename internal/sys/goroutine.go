package sys

import (
	"runtime"
	"strconv"
)

// GoroutineNumber is the number under which stack dumps show this goroutine; 0 if it cannot be told. It costs 5 µs
// and more, as the runtime writes the whole stack for it: Goroutine tells goroutines apart at a thousandth of that.
func GoroutineNumber() uint64 {
	const before = "goroutine "
	var text [64]byte
	b := text[:runtime.Stack(text[:], false)]
	if len(b) < len(before) {
		return 0
	}
	b = b[len(before):]
	for i, c := range b {
		if c == ' ' {
			n, _ := strconv.ParseUint(string(b[:i]), 10, 64) // 0 is "cannot be told"
			return n
		}
	}
	return 0
}
