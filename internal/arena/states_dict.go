package arena

import (
	"structs"

	"github.com/multiproc/mp/internal/dict"
)

// DictState is the payload of an object of KindDict; the shards follow it.
type DictState struct {
	_    structs.HostLayout
	Dict dict.Dict
}

// died ends what the dead was changing in each shard.
func (s *DictState) died(a *Arena, o *Object, _, id uint32) {
	shards := s.Dict.All(o.Size)
	for i := range shards {
		a.slabDied(&shards[i].Slab, id)
	}
}

// engages: a shard's lock is held only while a method runs, which holds a handle.
func (s *DictState) engages(uint32, uint32) bool { return false }
