package arena

import (
	"fmt"
	"unsafe"
)

// offset is where a word of the arena lies: at, backwards.
func (a *Arena) offset(word *uint64) Offset {
	off := uintptr(unsafe.Pointer(word)) - uintptr(a.base)
	if uint64(off) > a.size-8 || off%8 != 0 {
		notOurs(word)
	}
	return Offset(off)
}

func notOurs(word *uint64) { panic(fmt.Sprintf("mp: %p is no word of the arena", word)) }
