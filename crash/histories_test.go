//go:build linux

package crash

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp"
)

// lockClient locks, tries, gives up, recovers and unlocks.
var lockClient = mp.Proc3(func(ctx context.Context, j journal, l *mp.Lock, stop *mp.Value[int32]) error {
	r := rand.New(rand.NewPCG(1, uint64(j.Me)))
	for stop.Load() == 0 && !j.full() {
		has := false
		switch r.IntN(6) {
		case 0, 1:
			j.do(opTry, 0, 0, func() int64 { return tried(l, &has) })
		case 2:
			j.do(opRecover, 0, 0, func() int64 { return recovered(ctx, l, &has) })
		default:
			wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(2000))*time.Microsecond)
			j.do(opLock, 0, 0, func() int64 { return locked(l.LockContext(wait), &has) })
			cancel()
		}
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
		j.do(opUnlock, 0, 0, func() int64 { l.Unlock(); return outDone })
	}
	return nil
})

func locked(err error, has *bool) int64 {
	died, isDead := errors.AsType[*mp.OwnerDiedError](err)
	switch {
	case isDead:
		return outDied + number(died)
	case err != nil:
		return outCancelled
	}
	*has = true
	return outDone
}

// number is that of the dead process.
func number(died *mp.OwnerDiedError) int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(died.Process, "h-"), 10, 64)
	if err != nil {
		return -1 // no process has this number
	}
	return n
}

// locker is what a Lock and a Holder have in common.
type locker interface {
	TryLock() bool
	LockContext(ctx context.Context) error
	Recover(ctx context.Context, mend func(died *mp.OwnerDiedError) error) error
}

func tried(l locker, has *bool) (out int64) { return triedBy(l.TryLock, has) }

func triedBy(try func() bool, has *bool) (out int64) {
	defer func() {
		if died, ok := recover().(*mp.OwnerDiedError); ok {
			out = outDied + number(died)
		}
	}()
	if *has = try(); *has {
		return outDone
	}
	return outBusy
}

func recovered(ctx context.Context, l locker, has *bool) int64 {
	ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	return recoveredBy(ctx, l.Recover, has)
}

func recoveredBy(ctx context.Context, try func(context.Context, func(*mp.OwnerDiedError) error) error, has *bool) int64 {
	mended := outDone
	err := try(ctx, func(died *mp.OwnerDiedError) error {
		mended = outDied + number(died)
		return nil
	})
	if err == nil {
		*has = true
		return mended
	}
	return locked(err, has)
}

// number8 is a value that does not fit in a word: all its elements are equal, or it is torn.
type number8 [8]int64

func (n number8) whole() int64 {
	for _, x := range n {
		if x != n[0] {
			return -1 << 62 // no operation makes this
		}
	}
	return n[0]
}

func number8Of(x int64) number8 { return number8{x, x, x, x, x, x, x, x} }

var wordClient = mp.Proc3(func(_ context.Context, j journal, v *mp.Value[int64], stop *mp.Value[int32]) error {
	valueClient(j, v, stop, func(x int64) int64 { return x }, func(x int64) int64 { return x }, func(d int64) int64 { return mp.Add(v, d) })
	return nil
})

var structClient = mp.Proc3(func(_ context.Context, j journal, v *mp.Value[number8], stop *mp.Value[int32]) error {
	valueClient(j, v, stop, number8Of, number8.whole, func(d int64) (sum int64) {
		v.Update(func(x *number8) {
			sum = x.whole() + d
			for i := range x {
				x[i] += d
			}
		})
		return sum
	})
	return nil
})

// valueClient does everything that there is to a value.
func valueClient[T any](j journal, v *mp.Value[T], stop *mp.Value[int32], of func(int64) T, as func(T) int64, add func(int64) int64) {
	r := rand.New(rand.NewPCG(2, uint64(j.Me)))
	for stop.Load() == 0 && !j.full() {
		in := r.Int64N(4)
		switch r.IntN(6) {
		case 0, 1:
			j.do(opLoad, 0, 0, func() int64 { return as(v.Load()) })
		case 2:
			j.do(opStore, in, 0, func() int64 { v.Store(of(in)); return 0 })
		case 3:
			j.do(opAdd, in, 0, func() int64 { return add(in) })
		case 4:
			to := r.Int64N(4)
			j.do(opSwap, in, to, func() int64 {
				if v.CompareAndSwap(of(in), of(to)) {
					return 1
				}
				return 0
			})
		default:
			j.do(opUpdate, in, 0, func() (old int64) {
				v.Update(func(x *T) {
					old = as(*x)
					*x = of(3*old + in)
				})
				return old
			})
		}
		time.Sleep(time.Duration(r.IntN(60)) * time.Microsecond)
	}
}

// rawClient adds to memory that nothing guards, and says that it was an addition.
var rawClient = mp.Proc3(func(_ context.Context, j journal, v *mp.RawValue[int64], stop *mp.Value[int32]) error {
	for stop.Load() == 0 && !j.full() {
		j.do(opAdd, 1, 0, func() int64 {
			x := v.Load()
			time.Sleep(50 * time.Microsecond)
			v.Store(x + 1)
			return x + 1
		})
	}
	return nil
})

const historyKills = 12

func TestHistories(t *testing.T) {
	t.Run("lock", func(t *testing.T) {
		for range 4 {
			l := mp.NewLock()
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return lockClient(j, l, stop) })
			c.judge(t, lockModel, porcupine.Ok)
		}
	})
	t.Run("word", func(t *testing.T) {
		for range 3 {
			v := mp.NewValue[int64](0)
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return wordClient(j, v, stop) })
			c.judge(t, valueModel, porcupine.Ok)
		}
	})
	t.Run("struct", func(t *testing.T) {
		for range 3 {
			v := mp.NewValue(number8{})
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return structClient(j, v, stop) })
			c.judge(t, valueModel, porcupine.Ok)
		}
	})
}

// A checker that has never refused anything proves nothing.
func TestHistoriesCanFail(t *testing.T) {
	t.Run("memory that nothing guards", func(t *testing.T) {
		v := mp.NewRawValue[int64](0)
		c := unfold(t, 2, func(j journal, stop *mp.Value[int32]) mp.Target { return rawClient(j, v, stop) })
		c.judge(t, valueModel, porcupine.Illegal)
	})
	t.Run("a death that nobody was told of", func(t *testing.T) {
		for range 10 { // until somebody dies with the lock
			l := mp.NewLock()
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return lockClient(j, l, stop) })
			if c.forgetDeaths() {
				c.judge(t, lockModel, porcupine.Illegal)
				return
			}
		}
		t.Error("nobody was told of a death")
	})
	for _, c := range []struct {
		name  string
		first porcupine.Operation
	}{
		{"two holders", porcupine.Operation{Input: input{client: 1, op: opLock}, Output: output{out: outDone}, Call: 1, Return: 2}},
		{"a torn value", porcupine.Operation{Input: input{client: 1, op: opLoad}, Output: output{out: number8{1}.whole()}, Call: 1, Return: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			second := c.first
			second.Input, second.Call, second.Return = input{client: 2, op: c.first.Input.(input).op}, 3, 4
			model := valueModel
			if c.first.Input.(input).op == opLock {
				model = lockModel
			}
			history := chronicle{history: []porcupine.Operation{c.first, second}}
			history.judge(t, model, porcupine.Illegal)
		})
	}
}

// forgetDeaths takes the deaths out of the history, and says whether some process was told of one.
func (c *chronicle) forgetDeaths() (told bool) {
	c.history = slices.DeleteFunc(c.history, func(o porcupine.Operation) bool {
		told = told || o.Output.(output).out >= outDied
		return o.Input.(input).op == opDie
	})
	return told
}
