//go:build linux

package crash

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp"
)

// rlockClient goes in, up to three levels deep, and out again, with one Holder for its life.
var rlockClient = mp.Proc3(func(ctx context.Context, j journal, l *mp.RLock, stop *mp.Value[int32]) error {
	r, h := rand.New(rand.NewPCG(3, uint64(j.Me))), l.Holder()
	for stop.Load() == 0 && !j.full() {
		if h.Depth() > 0 && (h.Depth() == 3 || r.IntN(2) == 0) {
			j.do(opUnlock, 0, 0, func() int64 { h.Unlock(); return outDone })
			continue
		}
		has := false
		switch r.IntN(6) {
		case 0, 1:
			j.do(opTry, 0, 0, func() int64 { return tried(h, &has) })
		case 2:
			j.do(opRecover, 0, 0, func() int64 { return recovered(ctx, h, &has) })
		default:
			wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(2000))*time.Microsecond)
			j.do(opLock, 0, 0, func() int64 { return locked(h.LockContext(wait), &has) })
			cancel()
		}
		if !has || r.IntN(2) == 0 {
			time.Sleep(time.Duration(r.IntN(100)) * time.Microsecond)
		}
	}
	return nil
})

// rlockState is an RLock as its specification has it.
type rlockState struct {
	holder int // 0 = free
	depth  int
	dead   bool
}

// rlockModel is the specification of mp.RLock with a Holder in each process.
var rlockModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{rlockState{}} },
	Step: func(state, in, out any) []any {
		s, i, o := state.(rlockState), in.(input), out.(output)
		if !o.pending {
			return rlockStep(s, i, o.out)
		}
		next := rlockStep(s, i, outDone)
		if i.op == opRecover && s.dead {
			next = rlockStep(s, i, outDied+int64(s.holder))
		}
		return append([]any{s}, next...)
	},
}

func rlockStep(s rlockState, i input, out int64) []any {
	mine := s.holder == i.client && !s.dead
	switch {
	case i.op == opDie && mine:
		s.dead = true
		return []any{s}
	case i.op == opDie:
		return []any{s}
	case i.op == opUnlock && mine:
		if s.depth--; s.depth == 0 {
			s.holder = 0
		}
		return []any{s}
	case i.op == opUnlock:
		return nil
	case out == outDone && (mine || s.holder == 0):
		return []any{rlockState{holder: i.client, depth: s.depth + 1}}
	case !mine && (out == outCancelled || out == outBusy && s.holder != 0 && !s.dead):
		return []any{s} // nobody is refused what he has
	case out >= outDied && s.dead && s.holder == int(out-outDied):
		if i.op == opRecover { // it has mended after that process, and has the lock
			return []any{rlockState{holder: i.client, depth: 1}}
		}
		return []any{s}
	}
	return nil
}

func TestHistoriesOfAnRLock(t *testing.T) {
	for range 4 {
		l := mp.NewRLock()
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return rlockClient(j, l, stop) })
		c.judge(t, rlockModel, porcupine.Ok)
	}
}

// An unlock of one level of two is not the last: a history in which it was is refused, and so is a refusal of a level.
func TestHistoriesOfAnRLockCanFail(t *testing.T) {
	at := int64(0)
	did := func(client int, o op, out int64) porcupine.Operation {
		at += 2
		return porcupine.Operation{ClientId: client, Input: input{client: client, op: o}, Output: output{out: out}, Call: at, Return: at + 1}
	}
	in := []porcupine.Operation{did(1, opLock, outDone), did(1, opLock, outDone), did(1, opUnlock, outDone)}
	for _, c := range []struct {
		name string
		then []porcupine.Operation
		want porcupine.CheckResult
	}{
		{"one level left", []porcupine.Operation{did(1, opUnlock, outDone), did(2, opLock, outDone)}, porcupine.Ok},
		{"two holders", []porcupine.Operation{did(2, opLock, outDone)}, porcupine.Illegal},
		{"its own refused", []porcupine.Operation{did(1, opTry, outBusy)}, porcupine.Illegal},
		{"a death that nobody was told of", []porcupine.Operation{did(1, opDie, outDone), did(2, opLock, outDone)}, porcupine.Illegal},
	} {
		t.Run(c.name, func(t *testing.T) {
			history := chronicle{history: append(in[:3:3], c.then...)}
			history.judge(t, rlockModel, c.want)
		})
	}
}
