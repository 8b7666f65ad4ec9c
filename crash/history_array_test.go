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

var (
	wordsClient = mp.Proc3(func(_ context.Context, j journal, a *mp.Array[int64], stop *mp.Value[int32]) error {
		elementClient(j, a, stop, func(x int64) int64 { return x }, func(x int64) int64 { return x })
		return nil
	})
	structsClient = mp.Proc3(func(_ context.Context, j journal, a *mp.Array[number8], stop *mp.Value[int32]) error {
		elementClient(j, a, stop, number8Of, number8.whole)
		return nil
	})
)

// elementClient does everything that there is to the element in the middle of three, and changes the others now and then.
func elementClient[T any](j journal, a *mp.Array[T], stop *mp.Value[int32], of func(int64) T, as func(T) int64) {
	r := rand.New(rand.NewPCG(5, uint64(j.Me)))
	for stop.Load() == 0 && !j.full() {
		in := r.Int64N(4)
		switch r.IntN(5) {
		case 0, 1:
			j.do(opLoad, 0, 0, func() int64 { return as(a.At(1)) })
		case 2:
			j.do(opStore, in, 0, func() int64 { a.Set(1, of(in)); return 0 })
		case 3:
			j.do(opAdd, in, 0, func() (sum int64) {
				a.Update(1, func(x *T) {
					sum = as(*x) + in
					*x = of(sum)
				})
				return sum
			})
		default:
			j.do(opUpdate, in, 0, func() (old int64) {
				a.Update(1, func(x *T) {
					old = as(*x)
					*x = of(3*old + in)
				})
				return old
			})
		}
		a.Set(2*r.IntN(2), of(in))
		time.Sleep(time.Duration(r.IntN(60)) * time.Microsecond)
	}
	untilKilled(stop)
}

func TestArrayHistories(t *testing.T) {
	t.Run("words", func(t *testing.T) {
		for range 2 {
			a := mp.NewArray[int64](3)
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return wordsClient(j, a, stop) })
			c.judge(t, valueModel, porcupine.Ok)
		}
	})
	t.Run("structs", func(t *testing.T) {
		for range 2 {
			a := mp.NewArray[number8](3)
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return structsClient(j, a, stop) })
			c.judge(t, valueModel, porcupine.Ok)
		}
	})
}
