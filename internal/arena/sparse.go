package arena

import (
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/sys"
)

// allocFor gives the memory of an object.
func (a *Arena) allocFor(spec *ObjectSpec) (block, error) {
	if spec.Size > a.size { // headerSize more might be less
		u := a.Used()
		return block{}, full(spec.Size, u.Capacity-u.Bytes, nil)
	}
	if spec.Flags&FlagSparse != 0 {
		return a.allocSparse(headerSize+spec.Size, headerSize+spec.Reserve)
	}
	return a.alloc(headerSize + spec.Size)
}

// allocSparse is alloc of whole spans of which only the first bytes are reserved: the rest is zeroed address space, which
// counts as handed out (Heap.Bytes), as nobody else can have it. The kernel gives it memory, page by page, when somebody
// touches it, even to read, and kills whoever does if there is none. What has memory at once is the records of its
// spans, a 2048th of it.
//
// It is an error where the kernel does not know how to take memory back: what was never touched would get memory
// by being cleared.
func (a *Arena) allocSparse(size, first uint64) (b block, err error) {
	if err := sys.Punch(a.file, int64(a.size), PageSize); err != nil { // behind the end there is nothing to take
		return b, full(size, 0, err)
	}
	b.place = a.limbo.take()
	place := a.place(b.place)
	if b.at, err = a.takeRun(spansFor(size), size, place); err == nil {
		failpoint.Hit("heap: sparse run taken")
		if err = a.reserve(b.at, min(first, size)); err != nil {
			a.freeRun(place, a.lock)
			err = full(size, 0, err)
		}
	}
	failpoint.Hit("heap: sparse run ready")
	if err != nil {
		a.limbo.put(b.place)
	}
	return b, err
}
