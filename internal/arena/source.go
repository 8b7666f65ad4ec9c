package arena

import (
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/redo"
	"github.com/multiproc/mp/internal/slab"
)

// SlabUser is this process's way of using the slabs of an object that it has a handle of.
func (a *Arena) SlabUser(o *Object) *slab.User {
	return &slab.User{Me: prim.Holder(a.id, false), Parker: a.park, Memory: a.memory(), Source: source{a, o}}
}

// slabDied is a slab's part in the payload's died.
func (a *Arena) slabDied(s *slab.Slab, id uint32) { s.Died(id, a.memory(), a.park) }

// source gives extents of an object to its slabs.
type source struct {
	a *Arena
	o *Object
}

func (s source) Draft(n uint64) (slab.Draft, error) {
	d, err := s.a.Draft(n)
	return slab.Draft{At: uint64(d.At), Place: d.b.place}, err
}

func (s source) Adopt(d slab.Draft, changes ...redo.Change) {
	s.a.Adopt(s.o, Draft{Offset(d.At), block{Offset(d.At) - extentSize, d.Place}}, changes...)
}

func (s source) Shrink(at uint64, changes ...redo.Change) { s.a.Shrink(s.o, Offset(at), changes...) }
