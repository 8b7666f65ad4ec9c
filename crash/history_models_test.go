//go:build linux

package crash

import "github.com/anishathalye/porcupine"

// lockState is a lock as its specification has it.
type lockState struct {
	holder int // 0 = free
	dead   bool
}

// lockModel is the specification of mp.Lock: a pending operation has happened, or has not.
var lockModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{lockState{}} },
	Step: func(state, in, out any) []any {
		s, i, o := state.(lockState), in.(input), out.(output)
		if o.pending {
			return append([]any{s}, lockTaken(s, i)...)
		}
		return lockStep(s, i, o.out)
	},
}

// lockTaken is what a pending operation can have done to the lock.
func lockTaken(s lockState, i input) []any {
	mine := lockState{holder: i.client}
	switch {
	case i.op == opUnlock && s == mine:
		return []any{lockState{}}
	case i.op == opRecover && s.dead, i.op != opUnlock && s.holder == 0:
		return []any{mine}
	}
	return nil
}

func lockStep(s lockState, i input, out int64) []any {
	mine := lockState{holder: i.client}
	switch {
	case i.op == opDie && s == mine:
		return []any{lockState{i.client, true}}
	case i.op == opDie, out == outCancelled, out == outBusy && s.holder != 0 && !s.dead:
		return []any{s}
	case i.op == opUnlock && s == mine:
		return []any{lockState{}}
	case i.op == opUnlock:
		return nil
	case out == outDone && s.holder == 0:
		return []any{mine}
	case out >= outDied && s == lockState{int(out - outDied), true}:
		if i.op == opRecover { // it has mended after that process, and has the lock
			return []any{mine}
		}
		return []any{s}
	}
	return nil
}

// valueModel is the specification of mp.Value of a number.
var valueModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{int64(0)} },
	Step: func(state, in, out any) []any {
		x, i, o := state.(int64), in.(input), out.(output)
		next, want := valueStep(x, i)
		switch {
		case o.pending:
			return []any{x, next}
		case want == o.out:
			return []any{next}
		}
		return nil
	},
}

// valueStep is the value after an operation, and what it returns.
func valueStep(x int64, i input) (next, out int64) {
	switch i.op {
	case opLoad:
		return x, x
	case opStore:
		return i.in1, 0
	case opAdd:
		return x + i.in1, x + i.in1
	case opSwap:
		if x == i.in1 {
			return i.in2, 1
		}
		return x, 0
	case opUpdate:
		return 3*x + i.in1, x
	}
	return x, 0 // a death changes nothing
}
