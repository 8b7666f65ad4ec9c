package dict

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/slab"
)

// Get appends the value under a key to b. No Go memory is allocated with the lock held.
func (s *Shard) Get(u *slab.User, k Key, b []byte) (_ []byte, found bool) {
	return s.get(u, k, b, false)
}

// Pop is Get, and takes the key out.
func (s *Shard) Pop(u *slab.User, k Key, b []byte) (_ []byte, found bool) {
	return s.get(u, k, b, true)
}

func (s *Shard) get(u *slab.User, k Key, b []byte, pop bool) (_ []byte, found bool) {
	for {
		out, found, missing := s.tryGet(u, k, b, pop)
		if missing == 0 {
			return out, found
		}
		b = grown(b, missing)
	}
}

// tryGet tells how many bytes b has too few.
func (s *Shard) tryGet(u *slab.User, k Key, b []byte, pop bool) (_ []byte, found bool, missing int) {
	s.Slab.Hold(u)
	defer s.Slab.Release(u)
	table := s.table(u)
	slot, e := find(u, table, k)
	if !e.found() {
		return b, false, 0
	}
	value := e.value()
	if n := len(value) - (cap(b) - len(b)); n > 0 {
		return b, false, n
	}
	b = bulk.Append(b, value)
	if pop {
		s.remove(u, table, slot, e)
	}
	return b, true, 0
}

func grown(b []byte, missing int) []byte {
	return append(make([]byte, 0, cap(b)+missing+missing/8), b...)
}

// Len is the number of entries: stale before it can be used.
func (s *Shard) Len() int { return int(atomic.LoadUint64(&s.Count)) }

// Copy appends all entries to b, as they are at one moment, for Next. Without values they are copied without.
func (s *Shard) Copy(u *slab.User, b []byte, values bool) []byte {
	for {
		out, missing := s.tryCopy(u, b, values)
		if missing == 0 {
			return out
		}
		b = grown(b, missing)
	}
}

// noted is what stands before each entry of a copy: the lengths of key and value.
const noted = 16

func (s *Shard) tryCopy(u *slab.User, b []byte, values bool) (_ []byte, missing int) {
	s.Slab.Hold(u)
	defer s.Slab.Release(u)
	if n := int(s.Bytes+noted*s.Count) - (cap(b) - len(b)); n > 0 {
		return b, n
	}
	for _, w := range s.table(u) {
		if w <= gone {
			continue
		}
		e := entryAt(u, placeOf(w))
		key, value := e.key(), e.value()
		if !values {
			value = nil
		}
		b = binary.LittleEndian.AppendUint64(b, uint64(len(key)))
		b = binary.LittleEndian.AppendUint64(b, uint64(len(value)))
		b = bulk.Append(append(b, key...), value)
	}
	return b, 0
}

// Next takes an entry off a copy.
func Next(b []byte) (key, value, rest []byte) {
	k, v, b := word(b), word(b[8:]), b[noted:]
	return b[:k], b[k : k+v], b[k+v:]
}
