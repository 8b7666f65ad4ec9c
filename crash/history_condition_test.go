//go:build linux

package crash

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp"
)

// pot is a number of tokens under a condition: put notifies, take waits.
type pot struct {
	C *mp.Condition
	N *mp.RawValue[int64]
}

func newPot() pot { return pot{mp.NewCondition(nil), mp.NewRawValue[int64](0)} }

// lock is Lock for one who has nothing to mend: the number changes by one store.
func (p pot) lock(ctx context.Context) error {
	return p.C.Recover(ctx, nil)
}

func (p pot) put(ctx context.Context) int64 {
	if p.lock(ctx) != nil {
		return outBusy
	}
	p.N.Store(p.N.Load() + 1)
	p.C.Notify(1)
	p.C.Unlock()
	return outDone
}

func (p pot) take(ctx context.Context, patience time.Duration) int64 {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if p.lock(ctx) != nil {
			return outBusy
		}
		err := p.C.WaitForContext(wait, func() bool { return p.N.Load() > 0 })
		if _, died := errors.AsType[*mp.OwnerDiedError](err); died {
			continue
		}
		if err == nil {
			p.N.Store(p.N.Load() - 1)
		}
		p.C.Unlock()
		if err != nil {
			return outCancelled
		}
		return outDone
	}
}

var potClient = mp.Proc3(func(ctx context.Context, j journal, p pot, stop *mp.Value[int32]) error {
	r := rand.New(rand.NewPCG(2, uint64(j.Me)))
	for stop.Load() == 0 && !j.full() {
		if r.IntN(2) == 0 {
			j.do(opPut, 0, 0, func() int64 { return p.put(ctx) })
		} else {
			j.do(opTake, 0, 0, func() int64 { return p.take(ctx, time.Duration(r.IntN(3000))*time.Microsecond) })
		}
		time.Sleep(time.Duration(r.IntN(60)) * time.Microsecond)
	}
	return nil
})

// potModel is the specification: a take that has given up has seen an empty pot.
var potModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{int64(0)} },
	Step: func(state, in, out any) []any {
		n, i, o := state.(int64), in.(input), out.(output)
		next, ok := n, true
		switch {
		case i.op == opPut:
			next = n + 1
		case i.op == opTake && (o.pending || o.out == outDone):
			next, ok = n-1, n > 0
		case i.op == opTake:
			ok = o.out == outCancelled && n == 0
		}
		var after []any
		if o.pending {
			after = append(after, n)
		}
		if ok {
			after = append(after, next)
		}
		return after
	},
}

func TestHistoriesOfConditions(t *testing.T) {
	for range 4 {
		p := newPot()
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return potClient(j, p, stop) })
		c.judge(t, potModel, porcupine.Ok)
	}
	t.Run("can fail", func(t *testing.T) {
		for name, second := range map[string]output{"taken twice": {out: outDone}, "given up beside a token": {out: outCancelled}} {
			history := chronicle{history: []porcupine.Operation{
				{Input: input{client: 1, op: opPut}, Output: output{out: outDone}, Call: 1, Return: 2},
				{Input: input{client: 2, op: opTake}, Output: second, Call: 3, Return: 4},
			}}
			if second.out == outDone {
				again := history.history[1]
				again.Call, again.Return = 5, 6
				history.history = append(history.history, again)
			}
			t.Log(name)
			history.judge(t, potModel, porcupine.Illegal)
		}
	})
}
