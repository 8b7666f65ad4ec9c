// Package list is a growing list in memory that several processes map. Each change of it is whole or did not happen,
// whenever a process is killed.
//
// The elements are words, of which an index keeps the order. The word of an element is the element itself, if it is plain data
// of 8 bytes at most, or else the place of a cell that has its bytes.
//
//	table   a cell: how many elements there are behind each 32 leaves, and then the leaves, in order
//	leaf    a cell of up to 382 words, all leaves the same; those in its window are elements
//	spare   a cell as large as a leaf, of rubbish
//
// Words outside of a window, the spare, and what is in the table behind the last leaf are nobody's: whoever has the lock
// fills them at leisure. So at either end of a window an element comes and goes by a transaction of five words, and
// amid a leaf by copying that to the spare, which takes its place: no memory is needed to remove one.
//
// A change of more than one leaf makes new ones, and a new table if need be, and then switches by one transaction. Until
// that the new cells are linked from Loose, and by it those that are replaced are: whoever holds the lock next frees
// what is there, if the one who made the change does not come to it.
package list

import (
	"fmt"
	"structs"
	"sync/atomic"

	"github.com/multiproc/mp/internal/slab"
)

// List is the head of one. Zero is an empty list of cells. All but Slab.Lock and Width changes by transactions.
type List struct {
	_       structs.HostLayout
	Slab    slab.Slab
	Table   uint64 // place of the table's cell; 0: there has been no element yet
	Leaves  uint64 // in the table
	Len     uint64 // elements
	Version uint64 // changes so far
	Spare   uint64 // place of the spare; 0: there has been no element yet
	Loose   uint64 // first of the cells that are to be freed, linked by Next
	Width   uint64 // bytes of an element that is its word; 0: an element is a cell; written once
	_       [8]byte
}

// IndexError: a list has no element with this index.
type IndexError struct {
	List  string // its name; "" = it has none
	Index int
	Len   int // elements in the list then
}

// Error tells both.
func (e *IndexError) Error() string {
	name := "a list"
	if e.List != "" {
		name = fmt.Sprintf("list %q", e.List)
	}
	return fmt.Sprintf("mp: index out of range [%d] of %s with length %d", e.Index, name, e.Len)
}

// Elements are some of a list, outside of it.
type Elements struct {
	Words []uint64 // of a list with a Width
	Data  []byte   // of a list of cells: the bytes of all
	Ends  []int    // and where in Data each ends
}

// Reset leaves none, and keeps the memory.
func (e *Elements) Reset() { e.Words, e.Data, e.Ends = e.Words[:0], e.Data[:0], e.Ends[:0] }

func (e *Elements) count(l *List) uint64 {
	if l.Width != 0 {
		return uint64(len(e.Words))
	}
	return uint64(len(e.Ends))
}

// At are the bytes of element i of a list of cells.
func (e *Elements) At(i int) []byte {
	from := 0
	if i > 0 {
		from = e.Ends[i-1]
	}
	return e.Data[from:e.Ends[i]]
}

// Count is how many elements there are. It takes no lock: the word changes when the change does, or a little later.
func (l *List) Count() int { return int(atomic.LoadUint64(&l.Len)) }

// hold takes the lock, and frees what a dead process has left loose.
func (l *List) hold(u *slab.User) {
	l.Slab.Hold(u)
	if l.Loose != 0 {
		l.tidyOrLeave(u)
	}
}

// tidyOrLeave gives the lock back if the list is corrupt.
func (l *List) tidyOrLeave(u *slab.User) {
	sound := false
	defer func() {
		if !sound {
			l.release(u)
		}
	}()
	l.tidy(u)
	sound = true
}

func (l *List) release(u *slab.User) { l.Slab.Release(u) }

// index is where element i lies; below 0 it counts from the end. more is 1 where there may be none yet.
func (l *List) index(i int, more uint64) (uint64, error) {
	k := int64(i)
	if k < 0 {
		k += int64(l.Len)
	}
	if k < 0 || uint64(k) >= l.Len+more {
		return 0, &IndexError{Index: i, Len: int(l.Len)}
	}
	return uint64(k), nil
}

func corrupt(what string, args ...any) {
	panic("mp: corrupt arena: a list: " + fmt.Sprintf(what, args...))
}
