package ring

// header is the first word of a record.
//
//	bits  0–7   what it is
//	bits  8–31  0
//	bits 32–63  bytes behind it: the message's length
type header uint64

const (
	message header = 1
	filler  header = 2 // to the ring's end, without a message

	kindMask  header = 1<<32 - 1
	sizeShift        = 32
	wordSize         = 8
)

func newHeader(kind header, size uint64) header { return kind | header(size)<<sizeShift }

func (h header) kind() header { return h & kindMask }
func (h header) size() uint64 { return uint64(h >> sizeShift) }

// recordWords is how much of the ring a record with so many bytes takes.
func recordWords(size uint64) uint64 { return 1 + (size+wordSize-1)/wordSize }
