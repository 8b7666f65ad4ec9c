package inspect

import (
	"fmt"

	"github.com/multiproc/mp/internal/arena"
)

// extents tells an object's further blocks: where what is the owner's lies, and how many bytes that has. Where the list cannot go on
// it ends, and wrong says so.
func (a *Arena) extents(r *record, see func(at arena.Offset, size uint64) error) (wrong string, err error) {
	at := arena.Offset(r.Extents)
	for n := 0; at != 0; n++ {
		if n >= manyExtents || !a.inHeap(at) {
			return fmt.Sprintf("a list of blocks that comes to %#x", uint64(at)), nil
		}
		e, err := load[arena.Extent](a, at)
		if err != nil {
			return "", err
		}
		if err := see(at+extentSize, min(e.Size, a.size)); err != nil {
			return "", err
		}
		at = arena.Offset(e.Next)
	}
	return "", nil
}

// manyExtents bounds the time that a list without end can cost.
const manyExtents = 1 << 24

// memory is how many bytes go back to the heap with an object. What changes just now may be missing, or counted too much.
func (a *Arena) memory(r *record) (n uint64, err error) {
	n = uint64(headerSize) + r.Size
	_, err = a.extents(r, func(_ arena.Offset, size uint64) error {
		n += uint64(extentSize) + size
		return nil
	})
	return n, err
}
