//go:build linux

package crash

import (
	"context"
	"errors"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp"
)

const barrierParties = 2

// The outcomes of a wait at a barrier; from 0 on it is the index.
const (
	waitBroken    int64 = -1
	waitCancelled int64 = -2
)

// A barrier to the checker: sets of processes, a bit each.
type meeting struct {
	here   uint64 // have come in this turn
	passed uint64 // may go on
	failed uint64 // came in a turn that was broken
	broken bool
}

func (m meeting) breakTurn(broken bool) meeting {
	return meeting{passed: m.passed, failed: m.failed | m.here, broken: broken}
}

// arrive is the first half of a wait: index is what came out, or less than 0.
func (m meeting) arrive(me uint64, index int64) []any {
	if m.broken {
		m.failed |= me
		return some(index < 0, m)
	}
	n := int64(bits.OnesCount64(m.here))
	m.here |= me
	if n+1 == barrierParties {
		m.passed, m.here = m.passed|m.here, 0
	}
	return some(index < 0 || index == n, m)
}

// leave is the second half.
func (m meeting) leave(me uint64, out int64) []any {
	if out == waitCancelled && m.here&me != 0 {
		m = m.breakTurn(true)
	}
	if out >= 0 {
		ok := m.passed&me != 0
		m.passed &^= me
		return some(ok, m)
	}
	ok := m.failed&me != 0
	m.failed &^= me
	return some(ok, m)
}

func some(ok bool, m meeting) []any {
	if ok {
		return []any{m}
	}
	return nil
}

// half is which half of a wait an operation is.
type half struct {
	input
	second bool
}

// barrierModel is the specification of mp.Barrier, of which every client is a party. A wait is two operations, as it
// comes at one moment and goes on at another.
var barrierModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{meeting{}} },
	Step: func(state, in, out any) []any {
		m, i, o := state.(meeting), in.(half), out.(output)
		me := uint64(1) << i.client
		switch {
		case i.op == opDie:
			return []any{m.breakTurn(true)}
		case o.pending && i.second:
			return []any{m}
		case o.pending && i.op == opLock:
			return append(m.arrive(me, -1), m)
		case o.pending:
			return append([]any{m}, changed(m, i.op)...)
		case i.op == opLock && i.second:
			return m.leave(me, o.out)
		case i.op == opLock:
			return m.arrive(me, o.out)
		}
		return changed(m, i.op)
	},
}

// changed is a barrier after a Reset, which is an unlock here, or an Abort, a store.
func changed(m meeting, o op) []any { return []any{m.breakTurn(o == opStore)} }

// halves makes of each wait two operations.
func (c *chronicle) halves() *chronicle {
	var history []porcupine.Operation
	for _, o := range c.history {
		i := o.Input.(input)
		first := o
		first.Input = half{i, false}
		history = append(history, first)
		if i.op == opLock {
			o.Input = half{i, true}
			history = append(history, o)
		}
	}
	return &chronicle{history, c.deaths, c.pending}
}

var barrierClient = mp.Proc3(func(ctx context.Context, j journal, b *mp.Barrier, stop *mp.Value[int32]) error {
	r := rand.New(rand.NewPCG(4, uint64(j.Me)))
	for stop.Load() == 0 && !j.full() {
		switch r.IntN(12) {
		case 0:
			j.do(opStore, 0, 0, func() int64 { b.Abort(); return 0 })
		case 1, 2, 3:
			j.do(opUnlock, 0, 0, func() int64 { b.Reset(); return 0 })
		default:
			wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(4000))*time.Microsecond)
			j.do(opLock, 0, 0, func() int64 { return waited(b.WaitContext(wait)) })
			cancel()
		}
		time.Sleep(time.Duration(r.IntN(100)) * time.Microsecond)
	}
	return nil
})

func waited(index int, err error) int64 {
	broken, ok := errors.AsType[*mp.BrokenBarrierError](err)
	switch {
	case ok && broken.Err != nil:
		return waitCancelled
	case err != nil:
		return waitBroken
	}
	return int64(index)
}

func TestHistoriesOfBarriers(t *testing.T) {
	passed := 0
	for range 3 {
		b := mp.NewBarrier(barrierParties)
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return barrierClient(j, b, stop) })
		for _, o := range c.history {
			if i := o.Input.(input); i.op == opLock && !o.Output.(output).pending && o.Output.(output).out >= 0 {
				passed++
			}
		}
		c.halves().judge(t, barrierModel, porcupine.Ok)
	}
	if passed < 20 {
		t.Errorf("the barriers were passed by %d only: this shows nothing", passed)
	}
}

func TestHistoriesOfBarriersCanFail(t *testing.T) {
	wait := func(client int, out, call, ret int64) porcupine.Operation {
		return porcupine.Operation{Input: input{client: client, op: opLock}, Output: output{out: out}, Call: call, Return: ret}
	}
	for name, history := range map[string][]porcupine.Operation{
		"passed alone":           {wait(1, 0, 1, 2), wait(2, 1, 3, 4)},
		"two of the same number": {wait(1, 0, 1, 9), wait(2, 0, 3, 9)},
		"broken by nobody":       {wait(1, waitBroken, 1, 9), wait(2, waitBroken, 3, 9)},
	} {
		t.Run(name, func(t *testing.T) {
			c := chronicle{history: history}
			c.halves().judge(t, barrierModel, porcupine.Illegal)
		})
	}
}
