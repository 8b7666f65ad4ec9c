package arena

import (
	"structs"

	"github.com/multiproc/mp/internal/list"
)

// ListState is the payload of an object of KindList. What is in the list lies in extents.
type ListState struct {
	_    structs.HostLayout
	List list.List
}

func (s *ListState) died(a *Arena, _ *Object, _, id uint32) { a.slabDied(&s.List.Slab, id) }

// engages: a list's lock is held only while one of its methods runs, which holds a handle.
func (s *ListState) engages(uint32, uint32) bool { return false }
