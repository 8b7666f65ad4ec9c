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

// tome is a value of a dict, of a length that changes with its number: torn, it is no number.
type tome struct {
	N    int64
	Body []byte
}

const absent = -1 // the state of a key without a value

func newTome(n int64) tome {
	t := tome{n, make([]byte, uint64(n)%7*40)}
	for i := range t.Body {
		t.Body[i] = byte(n)
	}
	return t
}

func (t tome) whole(found bool) int64 {
	if !found {
		return absent
	}
	for _, c := range t.Body {
		if len(t.Body) != int(uint64(t.N)%7*40) || c != byte(t.N) {
			return -1 << 62 // no operation makes this
		}
	}
	return t.N
}

// dictKeys are few, so that the processes meet.
const dictKeys = 3

// dictClient does everything that there is to a key; which one is in2.
var dictClient = mp.Proc3(func(_ context.Context, j journal, d *mp.Dict[int64, tome], stop *mp.Value[int32]) error {
	r := rand.New(rand.NewPCG(7, uint64(j.Me)))
	var err error
	for stop.Load() == 0 && !j.full() && err == nil {
		in, key := r.Int64N(9), r.Int64N(dictKeys)
		switch r.IntN(7) {
		case 0, 1:
			j.do(opLoad, 0, key, func() int64 { v, found := d.Get(key); return v.whole(found) })
		case 2:
			j.do(opStore, in, key, func() int64 { err = d.Set(key, newTome(in)); return 0 })
		case 3, 4:
			j.do(opUpdate, in, key, func() (old int64) {
				_, err = d.Update(key, func(v tome, found bool) tome {
					old = v.whole(found)
					time.Sleep(20 * time.Microsecond) // some are overtaken, and some killed
					return newTome(updated(old, in))
				})
				return old
			})
		case 5:
			j.do(opTake, 0, key, func() int64 { v, found := d.Pop(key); return v.whole(found) })
		default:
			j.do(opPut, in, key, func() int64 {
				v, _, failed := d.SetDefault(key, newTome(in))
				err = failed
				return v.whole(true)
			})
		}
		time.Sleep(time.Duration(r.IntN(60)) * time.Microsecond)
	}
	if err == nil {
		untilKilled(stop)
	}
	return err
})

func updated(old, in int64) int64 {
	if old == absent {
		return in
	}
	return (3*old + in) % 1000
}

// dictModel is the specification of one key of mp.Dict.
var dictModel = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		keys := make([][]porcupine.Operation, dictKeys)
		for _, o := range history {
			if i := o.Input.(input); i.op != opDie { // a death changes nothing
				keys[i.in2] = append(keys[i.in2], o)
			}
		}
		return keys
	},
	Init: func() []any { return []any{int64(absent)} },
	Step: func(state, in, out any) []any {
		x, i, o := state.(int64), in.(input), out.(output)
		next, want := dictStep(x, i)
		switch {
		case o.pending:
			return []any{x, next}
		case want == o.out:
			return []any{next}
		}
		return nil
	},
}

// dictStep is a key's value after an operation, and what it returns.
func dictStep(x int64, i input) (next, out int64) {
	switch i.op {
	case opStore:
		return i.in1, 0
	case opUpdate:
		return updated(x, i.in1), x
	case opTake:
		return absent, x
	case opPut:
		if x == absent {
			return i.in1, i.in1
		}
	}
	return x, x
}

func TestDictHistories(t *testing.T) {
	for range 3 {
		d := mp.NewDict[int64, tome]()
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return dictClient(j, d, stop) })
		c.judge(t, dictModel, porcupine.Ok)
	}
}

// hastyClient updates as one must not: it gets, and sets.
var hastyClient = mp.Proc3(func(_ context.Context, j journal, d *mp.Dict[int64, tome], stop *mp.Value[int32]) error {
	var err error
	for stop.Load() == 0 && !j.full() && err == nil {
		j.do(opUpdate, 1, 0, func() (old int64) {
			v, found := d.Get(0)
			time.Sleep(50 * time.Microsecond)
			old = v.whole(found)
			err = d.Set(0, newTome(updated(old, 1)))
			return old
		})
	}
	untilKilled(stop)
	return err
})

func TestDictHistoriesCanFail(t *testing.T) {
	d := mp.NewDict[int64, tome]()
	c := unfold(t, 2, func(j journal, stop *mp.Value[int32]) mp.Target { return hastyClient(j, d, stop) })
	c.judge(t, dictModel, porcupine.Illegal)
}
