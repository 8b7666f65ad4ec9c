//go:build linux

package crash

import (
	"encoding/binary"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp/internal/tasks"
)

// desk is what the specification has to know of a queue of jobs.
type desk struct {
	most int // jobs that wait
	room int // bytes that they take
	hand int // jobs that a process has in hand at a time; with several the length changes several times when one dies, and is not asked for
}

// bytes is how long the job with a number is.
func (d desk) bytes(number int64) int { return 8 + int(number*7919%200) }

// deskState is such a queue as its specification has it: comparable, as the checker wants it.
type deskState struct {
	jobs string // those that are not done, in the order of their puts: of each its number, how often it was delivered, and who has it, 0: it waits
	dead uint64 // a bit a process
	shut bool
}

const jobSize = 6

func (s deskState) len() int { return len(s.jobs) / jobSize }

func (s deskState) job(i int) (number int64, turns, who byte) {
	j := s.jobs[i*jobSize : (i+1)*jobSize]
	return int64(binary.BigEndian.Uint32([]byte(j))), j[4], j[5]
}

// with is the queue with another job i, or with one more.
func (s deskState) with(i int, number int64, turns, who byte) deskState {
	j := binary.BigEndian.AppendUint32(nil, uint32(number))
	after := s.jobs[min(len(s.jobs), (i+1)*jobSize):]
	s.jobs = s.jobs[:i*jobSize] + string(append(j, turns, who)) + after
	return s
}

func (s deskState) without(i int) deskState {
	s.jobs = s.jobs[:i*jobSize] + s.jobs[(i+1)*jobSize:]
	return s
}

// first is the first job that a process has, or that waits; or -1.
func (s deskState) first(of byte) int {
	for i := range s.len() {
		if _, _, who := s.job(i); who == of {
			return i
		}
	}
	return -1
}

func (s deskState) waiting() (n int) {
	for i := range s.len() {
		if _, _, who := s.job(i); who == 0 {
			n++
		}
	}
	return n
}

// fits tells whether there is room for one more.
func (s deskState) fits(number int64, d desk) bool {
	used := d.bytes(number) + tasks.Overhead
	for i := range s.len() {
		if other, _, who := s.job(i); who == 0 {
			used += d.bytes(other) + tasks.Overhead
		}
	}
	return s.waiting() < d.most && used <= d.room
}

// over tells whether who gets is told that the queue is shut: nothing waits, and what others have in hand, if that is all, may come back.
func (s deskState) over(who byte) bool {
	return s.shut && s.first(0) < 0 && (s.len() == 0 || s.first(who) >= 0)
}

// deskModel is the specification of mp.JoinableQueue. in1 is which of desks, in2 the number of the job.
func deskModel(desks []desk) porcupine.NondeterministicModel {
	return porcupine.NondeterministicModel{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			parts := make([][]porcupine.Operation, len(desks))
			for _, o := range history {
				i := o.Input.(input)
				for at := range parts {
					if i.op == opDie || i.in1 == int64(at) {
						parts[at] = append(parts[at], o)
					}
				}
			}
			return parts
		},
		Init: func() []any { return []any{deskState{}} },
		Step: func(state, in, out any) []any {
			s, i, o := state.(deskState), in.(input), out.(output)
			switch {
			case o.pending && s.dead>>i.client&1 != 0: // whatever the dead have done was before
				return []any{s}
			case o.pending:
				return perhaps(s, deskEffects(s, i, desks[i.in1]))
			}
			return deskStep(s, i, o.out, desks[i.in1])
		},
	}
}

// deskEffects is what the operation does if it does something.
func deskEffects(s deskState, i input, d desk) []any {
	me := byte(i.client)
	switch i.op {
	case opPut, opTryPut:
		if s.shut || !s.fits(i.in2, d) {
			return nil
		}
		s = s.with(s.len(), i.in2, 0, 0)
	case opTake, opTryTake:
		at := s.first(0)
		if at < 0 {
			return nil
		}
		number, turns, _ := s.job(at)
		s = s.with(at, number, turns+1, me)
	case opDone, opPutBack:
		at := 0
		for ; at < s.len(); at++ {
			if number, _, who := s.job(at); number == i.in2 && who == me {
				break
			}
		}
		if at == s.len() {
			return nil
		}
		if number, turns, _ := s.job(at); i.op == opPutBack {
			s = s.with(at, number, turns, 0)
		} else {
			s = s.without(at)
		}
	case opShut:
		s.shut = true
	case opDie:
		for at := s.first(me); at >= 0; at = s.first(me) {
			number, turns, _ := s.job(at)
			s = s.with(at, number, turns, 0)
		}
		s.dead |= 1 << i.client
	}
	return []any{s}
}

// delivered is what comes out of a get: the number of a job, and how often it was delivered.
func delivered(number int64, turns int) int64 { return number<<8 | int64(turns) }

// deskStep is what the operation has done, if this can come out of it.
func deskStep(s deskState, i input, out int64, d desk) []any {
	put := i.op == opPut || i.op == opTryPut
	get := i.op == opTake || i.op == opTryTake
	switch {
	case out == outGivenUp:
		return []any{s}
	case out == outShut && (put && s.shut || get && s.over(byte(i.client))):
		return []any{s}
	case out == outFull && i.op == opTryPut && !s.shut && !s.fits(i.in2, d):
		return []any{s}
	case out == outEmpty && i.op == opTryTake && s.first(0) < 0 && !s.over(byte(i.client)):
		return []any{s}
	case i.op == opLen && out == int64(s.waiting()), i.op == opJoin && out == outDone && s.len() == 0:
		return []any{s}
	case get && out > 0 && s.first(0) >= 0:
		if number, turns, _ := s.job(s.first(0)); out == delivered(number, int(turns)+1) {
			return deskEffects(s, i, d)
		}
	case put && out == outDone, i.op == opDone, i.op == opPutBack, i.op == opShut, i.op == opDie:
		return deskEffects(s, i, d)
	}
	return nil
}
