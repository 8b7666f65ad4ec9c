package inspect

import (
	"fmt"
	"math/bits"

	"github.com/multiproc/mp/internal/arena"
)

// Array is the state of an array, raw or not.
type Array struct {
	Len     uint64 `json:"len"`
	Element uint64 `json:"element"`          // size of one, in bytes
	Sparse  bool   `json:"sparse,omitempty"` // it has memory where it was touched; all of it counts as in use
}

func describeArray(o *Object, r *record, n, element uint64) {
	o.Array = &Array{Len: n, Element: element, Sparse: r.Flags&arena.FlagSparse != 0}
}

// array says of an Array who has its lock, if anybody, or has died with it.
func (f *family) array(o *Object, r *record) {
	s := payload[arena.ArrayState](r)
	describeArray(o, r, s.Len, s.Element)
	if l := f.lock(r); l.State != "free" || l.Deaths > 0 {
		o.Lock = l
	}
}

func rawArray(o *Object, r *record) {
	s := payload[arena.RawArrayState](r)
	describeArray(o, r, s.Len, s.Element)
}

// checkArray looks at an array's lock and lengths, and at what is being changed.
func (l *look) checkArray(where string, r *record) {
	s := payload[arena.ArrayState](r)
	id, dead := s.Array.Lock.HeldBy()
	l.held(where, id, dead)
	_, whole := s.Array.Whole()
	l.must(whole || id != 0, where, "elements", "whole, as nobody has the lock", "being changed")
	l.must(whole || s.Array.Changes <= s.Len, where, "element that changes", fmt.Sprintf("one of %d", s.Len), "%d", s.Array.Changes-1)
	first, _ := s.Elements()
	l.elements(where, r, first, s.Len, s.Element)
}

func (l *look) checkRawArray(where string, r *record) {
	s := payload[arena.RawArrayState](r)
	l.elements(where, r, rawArraySize, s.Len, s.Element)
}

// elements must be what the payload was made for.
func (l *look) elements(where string, r *record, first, n, size uint64) {
	over, all := bits.Mul64(n, size)
	l.must(over == 0 && size <= r.Size && first+all == r.Size, where, "elements", fmt.Sprintf("as many as the object's %d bytes are for", r.Size),
		"%d of %d bytes, from byte %d on", n, size, first)
}
