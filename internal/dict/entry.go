package dict

import (
	"bytes"
	"fmt"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/slab"
)

// entry is a cell's content. Its first word:
//
//	bits 0–31   the lowest bits of the hash
//	bits 32–63  length of the key, in bytes
//
// The key follows, and from the next whole word on the value, to the end of the cell.
type entry struct {
	at    uint64 // the cell; 0: no entry
	words []uint64
	bytes []byte
}

// LargestKey is how many bytes a key may have.
const LargestKey = 1<<32 - 16

// entrySize is the content of a cell with them.
func entrySize(key, value int) uint64 { return 8 + wholeWords(uint64(key)) + uint64(value) }

func wholeWords(n uint64) uint64 { return (n + 7) &^ 7 }

// blank is an entry that nobody has filled yet.
func blank(u *slab.User, at uint64) entry {
	b := u.Bytes(at)
	return entry{at, wordsOf(b), b}
}

// entryAt is the entry in a cell.
func entryAt(u *slab.User, at uint64) entry {
	e := blank(u, at)
	if len(e.bytes) < 8 || 8+wholeWords(e.words[0]>>32) > uint64(len(e.bytes)) {
		panic(fmt.Sprintf("mp: corrupt arena: a dict's entry of %d bytes at %#x", len(e.bytes), at))
	}
	return e
}

// isAt tells whether the entry in a cell is the key's.
func (k Key) isAt(u *slab.User, at uint64) bool {
	at += cellSize
	return *u.Memory.Word(at) == k.head() && string(u.Memory.Bytes(at+8, uint64(len(k.Bytes)))) == string(k.Bytes)
}

// head is the first word of the key's entry.
func (k Key) head() uint64 { return k.Hash&(1<<32-1) | uint64(len(k.Bytes))<<32 }

func (e entry) found() bool { return e.at != 0 }

func (e entry) hash() uint64 { return e.words[0] & (1<<32 - 1) }

func (e entry) keyLen() uint64 { return e.words[0] >> 32 }

func (e entry) key() []byte { return e.bytes[8 : 8+e.keyLen()] }

// value is capped: what lies behind it is another's.
func (e entry) value() []byte {
	from, to := 8+wholeWords(e.keyLen()), len(e.bytes)
	return e.bytes[from:to:to]
}

// fill makes a new cell's content.
func (e entry) fill(k Key, value []byte) {
	e.words[0] = k.head()
	copy(e.key(), k.Bytes)
	bulk.Copy(e.value(), value)
}

// is tells whether the entry is what is expected.
func (x Expected) is(e entry) bool {
	return x.Any || x.Found == e.found() && (!x.Found || bytes.Equal(x.Value, e.value()))
}
