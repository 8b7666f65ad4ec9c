package ring

import "sync/atomic"

// header is the first word of a record.
//
//	bits  0–2   state
//	bit   3     no message: the record fills the ring's end
//	bit   4     the user's mark
//	bits  6–15  slot of the process that has it reserved or taken
//	bits 16–31  how often the message was given out before
//	bits 32–63  length of the message in bytes
type header uint64

const (
	none uint64 = iota // what was never written
	reserved
	ready
	taken
	done
	skip

	stateMask  = 7
	filler     = 1 << 3
	ownerShift = 6
	ownerMask  = 1<<10 - 1
	timesShift = 16
	timesMask  = 1<<16 - 1
	sizeShift  = 32
	wordSize   = 8
)

func newHeader(state uint64, size int) header { return header(state | uint64(size)<<sizeShift) }

func (h header) state() uint64 { return uint64(h) & stateMask }
func (h header) owner() uint32 { return uint32(h>>ownerShift) & ownerMask }
func (h header) size() uint64  { return uint64(h >> sizeShift) }
func (h header) times() uint64 { return uint64(h>>timesShift) & timesMask }

// words is how much of the ring the record takes.
func (h header) words() uint64 { return recordWords(h.size()) }

func recordWords(size uint64) uint64 { return 1 + (size+wordSize-1)/wordSize }

// mark is how far a mark moves over the record.
func (h header) mark() uint64 {
	n := uint64(1)
	if h&filler != 0 {
		n = 0
	}
	return at(h.words(), n)
}

func (h header) as(state uint64) header { return h&^stateMask | header(state) }

// by is the header while a process has the record in hand.
func (h header) by(slot uint32) header {
	return h&^(ownerMask<<ownerShift) | header(slot)<<ownerShift
}

// past is the mark behind the record at m. A sum of marks carries from the count into the words, and must not.
func (h header) past(m uint64) uint64 { return advance(m, h.mark()) }

func advance(m, by uint64) uint64 {
	return (m>>countBits+by>>countBits)<<countBits | (m+by)&(1<<countBits-1)
}

// index is the word of the ring at which a mark stands.
func (r *Ring) index(m uint64) uint64 { return m >> countBits & (r.Size/wordSize - 1) }

// header is the header of the record at a mark.
func (r *Ring) header(m uint64) *atomic.Uint64 { return r.word(r.index(m)) }
