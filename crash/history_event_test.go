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

// The operations of an event, in the terms of those that there are: a store of 1 is Set, of 0 Clear; a load is IsSet;
// a lock is a wait.
func eventStep(set int64, i input, out int64) []any {
	switch {
	case i.op == opStore:
		return []any{i.in1}
	case i.op == opLoad && out != set, i.op == opLock && out == outDone && set == 0:
		return nil
	}
	return []any{set} // a wait that was cancelled says nothing, a death changes nothing
}

// eventModel is the specification of mp.Event: a wait that has returned did so at a moment at which the event was set,
// be it the one between a Set and the Clear behind it.
var eventModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{int64(0)} },
	Step: func(state, in, out any) []any {
		set, i, o := state.(int64), in.(input), out.(output)
		if !o.pending {
			return eventStep(set, i, o.out)
		}
		if i.op == opStore {
			return []any{set, i.in1}
		}
		return []any{set}
	},
}

var eventClient = mp.Proc3(func(ctx context.Context, j journal, e *mp.Event, stop *mp.Value[int32]) error {
	r := rand.New(rand.NewPCG(3, uint64(j.Me)))
	for stop.Load() == 0 && !j.full() {
		switch r.IntN(8) {
		case 0:
			j.do(opLoad, 0, 0, func() int64 {
				if e.IsSet() {
					return 1
				}
				return 0
			})
		case 1, 2:
			j.do(opStore, 1, 0, func() int64 { e.Set(); return 0 })
		case 3, 4:
			j.do(opStore, 0, 0, func() int64 { e.Clear(); return 0 })
		default:
			wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(2000))*time.Microsecond)
			j.do(opLock, 0, 0, func() int64 {
				if e.WaitContext(wait) != nil {
					return outCancelled
				}
				return outDone
			})
			cancel()
		}
		time.Sleep(time.Duration(r.IntN(60)) * time.Microsecond)
	}
	return nil
})

func TestHistoriesOfEvents(t *testing.T) {
	for range 3 {
		e := mp.NewEvent()
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return eventClient(j, e, stop) })
		c.judge(t, eventModel, porcupine.Ok)
	}
}

func TestHistoriesOfEventsCanFail(t *testing.T) {
	c := chronicle{history: []porcupine.Operation{
		{Input: input{client: 1, op: opStore, in1: 1}, Output: output{}, Call: 1, Return: 2},
		{Input: input{client: 1, op: opStore}, Output: output{}, Call: 3, Return: 4},
		{Input: input{client: 2, op: opLock}, Output: output{out: outDone}, Call: 5, Return: 6},
	}}
	c.judge(t, eventModel, porcupine.Illegal)
}
