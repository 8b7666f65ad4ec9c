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

// index is the word of the ring at which a mark stands.
func (r *Ring) index(at uint64) uint64 { return at >> wordsAt & (r.Size/wordSize - 1) }

// place is where a record of n words goes. Where it would be split, a filler comes first, and start is behind
// it: both are in the ring only when Tail has passed them. all is what they take together, in words.
func (r *Ring) place(tail, n uint64) (start, all uint64) {
	if toEnd := r.Size/wordSize - r.index(tail); toEnd < n {
		return past(tail, toEnd, 0), toEnd + n
	}
	return tail, n
}

// fits tells whether there is room for a record of n words. Once there is not, there is not until head moves: a later
// tail does not leave more, with a filler or without.
func (r *Ring) fits(head, tail, n uint64) bool {
	_, all := r.place(tail, n)
	most := r.Most
	if most == 0 {
		most = MaxMessages
	}
	return words(head, tail)+all <= r.Size/wordSize && count(head, tail) < most
}
