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

// rwLockClient reads, writes, tries, gives up, recovers and unlocks.
var rwLockClient = mp.Proc3(func(ctx context.Context, j journal, l *mp.RWLock, stop *mp.Value[int32]) error {
	r := rand.New(rand.NewPCG(3, uint64(j.Me)))
	for stop.Load() == 0 && !j.full() {
		has, unlock, out := false, l.Unlock, opUnlock
		wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(2000))*time.Microsecond)
		switch r.IntN(10) {
		case 0:
			j.do(opTry, 0, 0, func() int64 { return triedBy(l.TryLock, &has) })
		case 1:
			j.do(opRecover, 0, 0, func() int64 { return recoveredBy(wait, l.Recover, &has) })
		case 2, 3, 4:
			j.do(opLock, 0, 0, func() int64 { return locked(l.LockContext(wait), &has) })
		case 5:
			unlock, out = l.RUnlock, opRUnlock
			j.do(opRTry, 0, 0, func() int64 { return triedBy(l.TryRLock, &has) })
		default:
			unlock, out = l.RUnlock, opRUnlock
			j.do(opRLock, 0, 0, func() int64 { return locked(l.RLockContext(wait), &has) })
		}
		cancel()
		if !has {
			time.Sleep(time.Duration(r.IntN(100)) * time.Microsecond)
			continue
		}
		if r.IntN(2) == 0 {
			time.Sleep(time.Duration(r.IntN(200)) * time.Microsecond)
		}
		if j.full() {
			return nil
		}
		j.do(out, 0, 0, func() int64 { unlock(); return outDone })
	}
	return nil
})

// rwState is a readers-writer lock as its specification has it.
type rwState struct {
	lockState          // the writer
	readers   [32]int8 // by client
}

func (s rwState) free() bool { return s == rwState{} }

// rwLockModel is the specification of mp.RWLock: a pending operation has happened, or has not.
var rwLockModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{rwState{}} },
	Step: func(state, in, out any) []any {
		s, i, o := state.(rwState), in.(input), out.(output)
		if !o.pending {
			return rwStep(s, i, o.out)
		}
		done := outDone
		if i.op == opRecover && s.dead {
			done = outDied + int64(s.holder)
		}
		return append([]any{s}, rwStep(s, i, done)...)
	},
}

func rwStep(s rwState, i input, out int64) []any {
	mine := rwState{lockState: lockState{holder: i.client}}
	if out == outCancelled || out == outBusy && !s.dead { // busy: somebody has it, or wants it
		return []any{s}
	}
	if out >= outDied {
		switch died := (lockState{int(out - outDied), true}); {
		case s.lockState != died:
			return nil
		case i.op == opRecover: // it has mended after that process, and has the lock
			return []any{mine}
		}
		return []any{s}
	}
	next := s
	switch {
	case i.op == opDie:
		next.readers[i.client] = 0
		next.dead = s.dead || s.holder == i.client
		return []any{next}
	case i.op == opUnlock && s == mine:
		return []any{rwState{}}
	case i.op == opRUnlock && s.readers[i.client] > 0:
		next.readers[i.client]--
		return []any{next}
	case (i.op == opRLock || i.op == opRTry) && s.holder == 0 && out == outDone:
		next.readers[i.client]++
		return []any{next}
	case (i.op == opLock || i.op == opTry || i.op == opRecover) && s.free() && out == outDone:
		return []any{mine}
	}
	return nil
}

func TestRWLockHistories(t *testing.T) {
	for range 4 {
		l := mp.NewRWLock()
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return rwLockClient(j, l, stop) })
		c.judge(t, rwLockModel, porcupine.Ok)
	}
}

func TestRWLockHistoriesCanFail(t *testing.T) {
	t.Run("a death that nobody was told of", func(t *testing.T) {
		for range 10 { // until somebody dies writing
			l := mp.NewRWLock()
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return rwLockClient(j, l, stop) })
			if c.forgetDeaths() {
				c.judge(t, rwLockModel, porcupine.Illegal)
				return
			}
		}
		t.Error("nobody was told of a death")
	})
	for _, c := range []struct {
		name          string
		first, second op
		want          porcupine.CheckResult
	}{
		{"two readers", opRLock, opRLock, porcupine.Ok},
		{"two writers", opLock, opLock, porcupine.Illegal},
		{"a reader beside a writer", opLock, opRLock, porcupine.Illegal},
		{"a writer beside a reader", opRLock, opTry, porcupine.Illegal},
	} {
		t.Run(c.name, func(t *testing.T) {
			history := chronicle{history: []porcupine.Operation{
				{Input: input{client: 1, op: c.first}, Output: output{out: outDone}, Call: 1, Return: 2},
				{Input: input{client: 2, op: c.second}, Output: output{out: outDone}, Call: 3, Return: 4},
			}}
			history.judge(t, rwLockModel, c.want)
		})
	}
}
