package dict

import (
	"encoding/binary"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/slab"
)

// inPlace is how many words of a value are overwritten rather than moved to a new cell, at most.
const inPlace = 8

// Set puts a value under a key, if there is what is expected: otherwise it does nothing, and says so. The error is the
// Source's: there is no room, and nothing has changed.
func (s *Shard) Set(u *slab.User, k Key, value []byte, x Expected) (done bool, err error) {
	s.Slab.Hold(u)
	defer s.Slab.Release(u)
	slot, e := find(u, s.table(u), k)
	switch {
	case !x.is(e):
		return false, nil
	case !e.found():
		err = s.add(u, k, value)
	case len(value) == len(e.value()) && len(value) <= 8*inPlace:
		s.overwrite(u, e, value)
	default:
		err = s.replace(u, slot, e, k, value)
	}
	return err == nil, err
}

// add makes an entry.
func (s *Shard) add(u *slab.User, k Key, value []byte) error {
	table, err := s.grow(u)
	if err != nil {
		return err
	}
	n := entrySize(len(k.Bytes), len(value))
	t, err := s.Slab.Make(u, n)
	if err != nil {
		return err
	}
	blank(u, t.Cell()).fill(k, value)
	slot, _ := find(u, table, k)
	if *slot == empty {
		t.Set(&s.Used, s.Used+1)
	}
	t.Set(slot, pack(t.Cell(), k.Hash))
	t.Set(&s.Count, s.Count+1)
	t.Set(&s.Bytes, s.Bytes+n)
	t.Commit()
	return nil
}

// replace makes a cell in place of another.
func (s *Shard) replace(u *slab.User, slot *uint64, e entry, k Key, value []byte) error {
	n := entrySize(len(k.Bytes), len(value))
	t, err := s.Slab.Make(u, n)
	if err != nil {
		return err
	}
	blank(u, t.Cell()).fill(k, value)
	t.Set(slot, pack(t.Cell(), k.Hash))
	t.Set(&s.Bytes, s.Bytes-uint64(len(e.bytes))+n)
	t.Give(e.at)
	t.Commit()
	return nil
}

// overwrite changes the words of a value. The last may not be whole; behind it is nothing, or what nobody reads.
func (s *Shard) overwrite(u *slab.User, e entry, value []byte) {
	t := s.Slab.Begin(u)
	to := e.words[1+wholeWords(e.keyLen())/8:]
	for i := range to {
		var last [8]byte
		from := value[8*i:]
		if len(from) < 8 {
			copy(last[:], from)
			from = last[:]
		}
		t.Set(&to[i], binary.LittleEndian.Uint64(from))
	}
	t.Commit()
}

// Delete takes a key out, if its value is what is expected.
func (s *Shard) Delete(u *slab.User, k Key, x Expected) (done bool) {
	s.Slab.Hold(u)
	defer s.Slab.Release(u)
	table := s.table(u)
	slot, e := find(u, table, k)
	if !e.found() || !x.is(e) {
		return false
	}
	s.remove(u, table, slot, e)
	return true
}

// cleaned is how many words of entries that are gone are made empty at once, at most.
const cleaned = 8

// remove takes an entry out of the table. If nothing stands behind its word, nobody needs to look past it, nor past the
// words of those that are gone before it.
func (s *Shard) remove(u *slab.User, table []uint64, slot *uint64, e entry) {
	t := s.Slab.Begin(u)
	at, mask := indexOf(table, slot), uint64(len(table)-1)
	t.Set(slot, gone)
	if table[(at+1)&mask] == empty {
		n := uint64(1)
		t.Set(slot, empty)
		for ; n <= cleaned && table[(at-n)&mask] == gone; n++ {
			t.Set(&table[(at-n)&mask], empty)
		}
		t.Set(&s.Used, s.Used-n)
	}
	t.Set(&s.Count, s.Count-1)
	t.Set(&s.Bytes, s.Bytes-uint64(len(e.bytes)))
	t.Give(e.at)
	t.Commit()
}

// Clear takes all out: whoever looks finds all or nothing, unless a death in the middle has left the rest.
func (s *Shard) Clear(u *slab.User) {
	s.Slab.Hold(u)
	defer s.Slab.Release(u)
	table := s.table(u)
	for i := range table {
		if table[i] > gone {
			s.drop(u, &table[i], entryAt(u, placeOf(table[i])))
		}
	}
	if table == nil {
		return
	}
	failpoint.Hit("dict: all dropped")
	t := s.Slab.Begin(u)
	t.Give(s.Table)
	t.Set(&s.Table, 0)
	t.Set(&s.Used, 0)
	t.Commit()
}

// drop takes an entry out and leaves its word as that of one that is gone.
func (s *Shard) drop(u *slab.User, slot *uint64, e entry) {
	t := s.Slab.Begin(u)
	t.Set(slot, gone)
	t.Set(&s.Count, s.Count-1)
	t.Set(&s.Bytes, s.Bytes-uint64(len(e.bytes)))
	t.Give(e.at)
	t.Commit()
}
