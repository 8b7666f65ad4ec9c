//go:build linux

package crash

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/race"
)

// chain is a list as its specification has it: the numbers of its elements, four bytes each.
type chain string

func (c chain) len() int64 { return int64(len(c) / 4) }

// place is where element i lies, below 0 counted from the end; more is 1 where there may be none yet.
func (c chain) place(i, more int64) (at int64, ok bool) {
	if i < 0 {
		i += c.len()
	}
	return i, i >= 0 && i < c.len()+more
}

func (c chain) at(i int64) int64 { return int64(binary.BigEndian.Uint32([]byte(c[4*i:]))) }

// cut is the list with other elements instead of n from i on.
func (c chain) cut(i, n int64, instead ...int64) chain {
	var b []byte
	for _, x := range instead {
		b = binary.BigEndian.AppendUint32(b, uint32(x))
	}
	return c[:4*i] + chain(b) + c[4*(i+n):]
}

// several are the elements that come in together with the first of them: one, two or three.
func several(first int64) (all []int64) {
	for i := range 1 + first%3 {
		all = append(all, first+i)
	}
	return all
}

// chains is how long the lists of a history are at first: what a leaf of a list has room for is 382 elements.
var chains = []int64{0, 5, 381}

// spot is which list, and which of its elements: in1 of an operation.
func spot(which, i int64) int64 { return which<<32 | int64(uint32(int32(i))) }

// chainModel is the specification of mp.List. in2 is a new element.
var chainModel = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, len(chains))
		for which, n := range chains { // the first operation of each list makes it
			parts[which] = append(parts[which], porcupine.Operation{Input: input{op: opMade, in1: n}, Output: output{}, Call: -2, Return: -1})
		}
		for _, o := range history {
			if i := o.Input.(input); i.op != opDie { // a death changes nothing
				parts[i.in1>>32] = append(parts[i.in1>>32], o)
			}
		}
		return parts
	},
	Init: func() []any { return []any{chain("")} },
	Step: func(state, in, out any) []any {
		s, o := state.(chain), out.(output)
		next, want := chainStep(s, in.(input))
		switch {
		case o.pending:
			return perhaps(s, []any{next})
		case want == o.out:
			return []any{next}
		}
		return nil
	},
}

// chainStep is the list after an operation, and what comes out of it.
func chainStep(s chain, i input) (next chain, out int64) {
	where, more := int64(int32(i.in1)), int64(0)
	if i.op == opInsert {
		more = 1
	}
	at, there := s.place(where, more)
	switch {
	case i.op == opMade:
		for n := range i.in1 {
			s = s.cut(n, 0, n)
		}
		return s, 0
	case i.op == opLen:
		return s, s.len()
	case i.op == opAppend:
		return s.cut(s.len(), 0, several(i.in2)...), 0
	case !there:
		return s, absent
	case i.op == opLoad:
		return s, s.at(at)
	case i.op == opInsert:
		return s.cut(at, 0, several(i.in2)...), 0
	case i.op == opPop:
		return s.cut(at, 1), s.at(at)
	case i.op == opUpdate:
		return s.cut(at, 1, followed(s.at(at), i.in2)), s.at(at)
	}
	return s.cut(at, 1, i.in2), 0
}

// followed is what an update makes of an element.
func followed(old, in int64) int64 { return (3*old + in) % 1_000_003 }

// shelves are the lists of one history.
type shelves[T any] struct{ Lists []*mp.List[T] }

func newShelves[T any](of func(int64) T) (s shelves[T]) {
	for _, n := range chains {
		l := mp.NewList[T]()
		for i := range n {
			if err := l.Append(of(i)); err != nil {
				panic(err)
			}
		}
		s.Lists = append(s.Lists, l)
	}
	return s
}

var (
	numbersClient = mp.Proc3(func(_ context.Context, j journal, s shelves[int64], stop *mp.Value[int32]) error {
		return listClient(j, s, stop, func(x int64) int64 { return x }, func(x int64) int64 { return x })
	})
	tomesClient = mp.Proc3(func(_ context.Context, j journal, s shelves[tome], stop *mp.Value[int32]) error {
		return listClient(j, s, stop, newTome, func(x tome) int64 { return x.whole(true) })
	})
)

// listClient does everything that there is to the ends and the middle of a list.
func listClient[T any](j journal, s shelves[T], stop *mp.Value[int32], of func(int64) T, as func(T) int64) error {
	r := rand.New(rand.NewPCG(9, uint64(j.Me)))
	var failed error
	changed := func(err error) int64 {
		if _, ok := errors.AsType[*mp.IndexError](err); ok {
			return absent
		}
		failed = errors.Join(failed, err)
		return 0
	}
	for stop.Load() == 0 && !j.full() && failed == nil {
		which, i, n := r.Int64N(int64(len(s.Lists))), r.Int64N(14)-7, r.Int64N(1<<20)
		l, at := s.Lists[which], spot(which, i)
		var all []T
		for _, x := range several(n) {
			all = append(all, of(x))
		}
		switch r.IntN(12) {
		case 0, 1:
			j.do(opAppend, at, n, func() int64 { return changed(l.Append(all...)) })
		case 2, 3:
			j.do(opInsert, at, n, func() int64 { return changed(l.Insert(int(i), all...)) })
		case 4:
			j.do(opStore, at, n, func() int64 { return changed(l.Set(int(i), of(n))) })
		case 5:
			j.do(opUpdate, at, n, func() (old int64) {
				err := l.Update(int(i), func(v T) T {
					old = as(v)
					time.Sleep(20 * time.Microsecond) // some are overtaken, and some killed
					return of(followed(old, n))
				})
				if changed(err) == absent { // perhaps since
					return absent
				}
				return old
			})
		case 6:
			j.do(opLoad, at, 0, func() int64 { return loaded(l, int(i), as) })
		case 7:
			j.do(opLen, at, 0, func() int64 { return int64(l.Len()) })
		default:
			j.do(opPop, at, 0, func() int64 {
				v, ok := l.Pop(int(i))
				if !ok {
					return absent
				}
				return as(v)
			})
		}
		if r.IntN(3) == 0 {
			time.Sleep(time.Duration(r.IntN(60)) * time.Microsecond)
		}
	}
	if failed == nil {
		untilKilled(stop)
	}
	return failed
}

// loaded is an element, absent if there is none with this index.
func loaded[T any](l *mp.List[T], i int, as func(T) int64) (out int64) {
	defer func() {
		r := recover()
		if _, ok := r.(*mp.IndexError); ok {
			out = absent
		} else if r != nil {
			panic(r)
		}
	}()
	return as(l.At(i))
}

func TestHistoriesOfLists(t *testing.T) {
	rounds := 5
	if race.Enabled {
		rounds = 1
	}
	t.Run("words", func(t *testing.T) {
		for range rounds {
			s := newShelves(func(x int64) int64 { return x })
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return numbersClient(j, s, stop) })
			c.judge(t, chainModel, porcupine.Ok)
		}
	})
	t.Run("structs", func(t *testing.T) {
		for range rounds {
			s := newShelves(newTome)
			c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return tomesClient(j, s, stop) })
			c.judge(t, chainModel, porcupine.Ok)
		}
	})
}

func TestHistoriesOfListsCanFail(t *testing.T) {
	const which = 1 // of 0, 1, 2, 3, 4
	one := func(o op, i, in, out int64) porcupine.Operation {
		return porcupine.Operation{Input: input{client: 1, op: o, in1: spot(which, i), in2: in}, Output: output{out: out}}
	}
	dies := one(opPop, 0, 0, 0)
	dies.Output = output{pending: true}
	mustRefuse(t, chainModel, map[string][]porcupine.Operation{
		"another element":              {one(opPop, 1, 0, 2)},
		"not the last":                 {one(opAppend, 0, 30, 0), one(opPop, -1, 0, 4)},
		"twice":                        {one(opPop, 0, 0, 0), one(opPop, 0, 0, 0)},
		"twice, by one that died":      {dies, one(opPop, 0, 0, 1), one(opPop, 0, 0, 1)},
		"two apart":                    {one(opInsert, 1, 31, 0), one(opLoad, 2, 0, 1)},
		"half of three":                {one(opAppend, 0, 32, 0), one(opLen, 0, 0, 7)},
		"behind the end":               {one(opStore, 5, 9, 0)},
		"an index that there is":       {one(opStore, -5, 9, absent)},
		"lost":                         {one(opStore, 2, 9, 0), one(opLoad, 2, 0, 2)},
		"updated from another element": {one(opUpdate, 2, 9, 1)},
		"torn":                         {one(opLoad, 2, 0, tome{1, []byte{1}}.whole(true))},
	})
}
