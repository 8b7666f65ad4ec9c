//go:build linux

package boot

import "unsafe"

// address is for a system call that reads the text before it returns.
func address(b *[commSize + 1]byte) uintptr { return uintptr(unsafe.Pointer(b)) }
