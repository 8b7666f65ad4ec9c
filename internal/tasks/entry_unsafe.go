package tasks

import (
	"sync/atomic"
	"unsafe"
)

// Sizes that the layout relies on.
const (
	_ = uint(entrySize-unsafe.Sizeof(Entry{})) + uint(unsafe.Sizeof(Entry{})-entrySize)
	_ = 0 - unsafe.Sizeof(Tasks{})%64
)

// entry is that of the message in this cell.
func (u *User) entry(at uint64) *Entry { return entryIn(u.whole(at)) }

func entryIn(b []byte) *Entry { return (*Entry)(unsafe.Pointer(unsafe.SliceData(b))) }

// low is the half of Len that changes, to look at while spinning: it comes first in memory on all systems that we know.
func (q *Tasks) low() *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&q.Len)) }
