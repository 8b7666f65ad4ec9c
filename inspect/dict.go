package inspect

import (
	"fmt"
	"math/bits"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/dict"
)

// Dict is the state of a dict.
type Dict struct {
	Len    uint64 `json:"len"`   // keys
	Bytes  uint64 `json:"bytes"` // of its keys and values, as they lie there
	Shards int    `json:"shards"`
	Held   int    `json:"held,omitempty"` // shards that somebody is just reading or changing
}

// dictAt copies the head of a dict and its shards.
func (a *Arena) dictAt(block arena.Offset) (*dict.Dict, []dict.Shard, error) {
	s, err := load[arena.DictState](a, block+headerSize)
	if err != nil {
		return nil, nil, err
	}
	shards, err := loadSlice[dict.Shard](a, block+headerSize+arena.Offset(dictSize), min(s.Dict.Shards, dict.MaxShards))
	return &s.Dict, shards, err
}

func (f *family) describeDict(o *Object, block arena.Offset) error {
	_, shards, err := f.a.dictAt(block)
	if err != nil {
		return err
	}
	o.Dict = &Dict{Shards: len(shards)}
	for i := range shards {
		s := &shards[i]
		o.Dict.Len += s.Count
		o.Dict.Bytes += s.Bytes
		if id, _ := s.Slab.Lock.HeldBy(); id != 0 {
			o.Dict.Held++
		}
	}
	return nil
}

// dict looks at the shards that nobody holds, and that are afterwards as they were before.
func (w *walk) dict(where string, r *record, block arena.Offset) error {
	head, shards, err := w.a.dictAt(block)
	if err != nil {
		return err
	}
	n := head.Shards
	if !w.must(bits.OnesCount64(n) == 1 && n <= dict.MaxShards && dict.Memory(int(n)) <= r.Size, where, "shards", "a power of two that fits in the object",
		"%d in %d bytes", n, r.Size) {
		return nil
	}
	for i := range shards {
		s, where := &shards[i], fmt.Sprintf("%s, shard %d", where, i)
		id, dead := s.Slab.Lock.HeldBy()
		w.held(where, id, dead)
		if id != 0 || w.full() {
			continue
		}
		wrong, err := w.a.shard(head, i, s)
		if err != nil {
			return err
		}
		if wrong == "" {
			continue
		}
		_, again, err := w.a.dictAt(block)
		if err == nil && i < len(again) && sameShard(s, &again[i]) { // else somebody has changed what we looked at
			w.must(false, where, "table", "entries at their places", "%s", wrong)
		}
	}
	return nil
}

// What a table's word says of an entry, and an entry's head of its key.
const (
	wordGone   = 1
	placeBits  = 43
	wholeTable = 1 << 13 // words that are read at once
)

// shard goes through a table, and says what is wrong there; "" if nothing is.
func (a *Arena) shard(d *dict.Dict, i int, s *dict.Shard) (wrong string, err error) {
	if fault := s.Slab.Check(); fault != "" || s.Table == 0 {
		if fault == "" && s.Count+s.Used+s.Bytes != 0 {
			fault = fmt.Sprintf("%d entries and no table", s.Count)
		}
		return fault, nil
	}
	room, err := a.cell(s.Table)
	if err != nil {
		return "", err
	}
	if room %= 1 << 56; room < 64 || bits.OnesCount64(room) != 1 || room > a.size {
		return fmt.Sprintf("a table of %d bytes at %#x", room, s.Table), nil
	}
	var count, used, size uint64
	for at := uint64(0); at < room; at += 8 * wholeTable {
		words, err := loadSlice[uint64](a, arena.Offset(s.Table+cellHead+at), min(wholeTable, (room-at)/8))
		if err != nil {
			return "", err
		}
		for _, word := range words {
			if word != 0 {
				used++
			}
			if word <= wordGone {
				continue
			}
			n, wrong, err := a.entry(d, i, word)
			if err != nil || wrong != "" {
				return wrong, err
			}
			count++
			size += n
		}
	}
	if count != s.Count || used != s.Used || size != s.Bytes {
		return fmt.Sprintf("%d entries of %d bytes in %d words, and it says %d of %d in %d", count, size, used, s.Count, s.Bytes, s.Used), nil
	}
	return "", nil
}

// cell is how many bytes a cell has.
func (a *Arena) cell(at uint64) (uint64, error) {
	head, err := load[[2]uint64](a, arena.Offset(at))
	if err != nil {
		return 0, err
	}
	return head[1] >> 8, nil
}

// entry looks at the entry that a word of shard i names, and tells how many bytes it has.
func (a *Arena) entry(d *dict.Dict, i int, word uint64) (n uint64, wrong string, err error) {
	at := word & (1<<placeBits - 1) << 3
	if !a.inHeap(arena.Offset(at)) {
		return 0, fmt.Sprintf("an entry at %#x", at), nil
	}
	if n, err = a.cell(at); err != nil {
		return 0, "", err
	}
	head, err := load[uint64](a, arena.Offset(at+cellHead))
	if err != nil {
		return 0, "", err
	}
	length := *head >> 32
	if 8+length > n {
		return 0, fmt.Sprintf("a key of %d bytes in an entry of %d, at %#x", length, n, at), nil
	}
	key, err := loadSlice[byte](a, arena.Offset(at+cellHead+8), length)
	if err != nil {
		return 0, "", err
	}
	hash := dict.Hash(&d.Seed, key)
	if uint32(*head) != uint32(hash) || word>>placeBits != hash<<placeBits>>placeBits || hash>>58&(d.Shards-1) != uint64(i) {
		return 0, fmt.Sprintf("an entry at %#x that does not belong there by the hash of its key, %#x", at, hash), nil
	}
	return n, "", nil
}
