package ring

// header is the first word of a record.
//
//	bits  0–7   what it is
//	bits  8–31  0
//	bits 32–63  bytes behind it
type header uint64

const (
	message header = 1 // the bytes are the message's
	filler  header = 2 // to the ring's end, without a message
	inBlock header = 3 // the first word tells where the block is; the others are nobody's, and may go on at the ring's beginning

	kindMask  header = 1<<32 - 1
	sizeShift        = 32
	wordSize         = 8
)

func newHeader(kind header, size uint64) header { return kind | header(size)<<sizeShift }

func (h header) kind() header { return h & kindMask }
func (h header) size() uint64 { return uint64(h >> sizeShift) }

// recordWords is how much of the ring a record with so many bytes takes.
func recordWords(size uint64) uint64 { return 1 + (size+wordSize-1)/wordSize }

// A shape is what a record takes of the ring, in words: whole of them are not split at the ring's end.
type shape struct{ whole, all uint64 }

// blockWords are the header and the place of the block.
const blockWords = 2

// shape: a message in a block takes as much of the ring as if it lay there, all of an empty ring at most. So the ring's
// size bounds what waits to be taken, wherever it lies, and both marks stay all that there is to tell about it.
func (u *User) shape(m Message) shape {
	if m.block == 0 {
		n := recordWords(uint64(len(m.Bytes)))
		return shape{n, n}
	}
	return u.blockShape(len(m.Bytes))
}

func (u *User) blockShape(n int) shape {
	most := u.words - (blockWords - 1) // there may be a filler before it
	return shape{blockWords, max(blockWords, min(recordWords(uint64(n)), most))}
}
