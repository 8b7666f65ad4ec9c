//go:build linux

package crash

import (
	"encoding/binary"

	"github.com/anishathalye/porcupine"
)

// What comes out of the operations of a queue, beside outDone of a put and the number of a message that was got.
const (
	outFull  int64 = -1 - iota
	outEmpty       // of a try
	outShut
	outGivenUp
	outTorn // no operation has this outcome
)

// box is what the specification has to know of a queue: it has many in one history, which have nothing to do with each other.
type box struct {
	most  int // messages
	words int // of its ring
}

// boxState is a queue as its specification has it: comparable, as the checker wants it.
type boxState struct {
	letters string // of each its number and the words that it takes, 10 bytes
	tail    int    // the word of the ring at which the next one goes
	shut    bool
}

const letterSize = 10

func (s boxState) len() int { return len(s.letters) / letterSize }

// first is the number of the first message.
func (s boxState) first() int64 { return int64(binary.BigEndian.Uint64([]byte(s.letters))) }

func (s boxState) rest() boxState {
	s.letters = s.letters[letterSize:]
	return s
}

// with is the queue with one more message, if it has room for it: a message is one piece, and what is left at the ring's end where it does
// not fit goes with it.
func (s boxState) with(number int64, b box) (boxState, bool) {
	used := 0
	for at := 8; at < len(s.letters); at += letterSize {
		used += int(s.letters[at])<<8 | int(s.letters[at+1])
	}
	words := 1 + (b.bytes(number)+7)/8
	all := words
	if toEnd := b.words - s.tail; toEnd < words {
		all += toEnd
	}
	if s.len() == b.most || used+all > b.words {
		return s, false
	}
	letter := binary.BigEndian.AppendUint64([]byte(s.letters), uint64(number))
	s.letters = string(append(letter, byte(all>>8), byte(all)))
	s.tail = (s.tail + all) % b.words
	return s, true
}

// bytes is how long the message with a number is in a queue.
func (b box) bytes(number int64) int {
	const least = 8 // its number
	return least + int(number*7919%int64(b.words*2-8-least+1))
}

// boxModel is the specification of mp.Queue. in1 is which of boxes, in2 the number of the message that is put.
func boxModel(boxes []box) porcupine.NondeterministicModel {
	return porcupine.NondeterministicModel{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			parts := make([][]porcupine.Operation, len(boxes))
			for _, o := range history {
				if i := o.Input.(input); i.op != opDie { // a death changes nothing
					parts[i.in1] = append(parts[i.in1], o)
				}
			}
			return parts
		},
		Init: func() []any { return []any{boxState{}} },
		Step: func(state, in, out any) []any {
			s, i, o := state.(boxState), in.(input), out.(output)
			if o.pending {
				return perhaps(s, boxEffects(s, i, boxes[i.in1]))
			}
			return boxStep(s, i, o.out, boxes[i.in1])
		},
	}
}

// boxEffects is what the operation does if it does something.
func boxEffects(s boxState, i input, b box) []any {
	switch i.op {
	case opPut, opTryPut:
		if next, fits := s.with(i.in2, b); fits && !s.shut {
			return []any{next}
		}
	case opTake, opTryTake:
		if s.len() > 0 {
			return []any{s.rest()}
		}
	case opShut:
		s.shut = true
		return []any{s}
	case opDrop:
		if s.shut {
			s.letters = "" // where the next would go does not matter: nobody puts
			return []any{s}
		}
	}
	return nil
}

// boxStep is what the operation has done, if this can come out of it.
func boxStep(s boxState, i input, out int64, b box) []any {
	_, fits := s.with(i.in2, b)
	put := i.op == opPut || i.op == opTryPut
	get := i.op == opTake || i.op == opTryTake
	switch {
	case out == outGivenUp:
		return []any{s}
	case out == outShut && (put && s.shut || get && s.shut && s.len() == 0):
		return []any{s}
	case out == outFull && i.op == opTryPut && !fits && !s.shut:
		return []any{s}
	case out == outEmpty && i.op == opTryTake && s.len() == 0 && !s.shut:
		return []any{s}
	case i.op == opLen && out == int64(s.len()):
		return []any{s}
	case i.op == opShut, i.op == opDrop, put && out == outDone, get && out > 0 && s.len() > 0 && out == s.first():
		return boxEffects(s, i, b)
	}
	return nil
}
