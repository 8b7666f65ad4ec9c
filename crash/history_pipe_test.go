//go:build linux

package crash

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/race"
)

// A history of pipes has a pipe for each process, from 1 on. Pipe p is held by the processes p, p+1 and p+2: one of them has one end, and
// two the other. They die in their order, so of every other pipe the end of one goes first, and of the others that of two.
const (
	pipeHolders = 3
	mostPipes   = historyKills + 3
)

// sideOf is the end that the k-th holder of a pipe has.
func sideOf(pipe, k int) int {
	if k == 0 {
		return 0
	}
	if k == 1 && pipe%2 == 0 {
		return 0
	}
	return 1
}

// way is what one end of a pipe sends: in1 of an operation.
func way(pipe, side int) int64 { return int64(2*pipe + side) }

// wayBox is how full a way may be.
func wayBox(way int64) box { return box{4_194_303, []int{32, 128, 512}[way/2%3]} }

// wayState is one way of a pipe as its specification has it: a queue that is shut when nobody has one of the ends any more.
type wayState struct {
	box  boxState
	gone [pipeHolders]bool
}

// without is the way when the k-th holder is gone.
func (s wayState) without(pipe, k int) wayState {
	s.gone[k] = true
	for side := range 2 {
		held := false
		for other, gone := range s.gone {
			held = held || !gone && sideOf(pipe, other) == side
		}
		s.box.shut = s.box.shut || !held
	}
	return s
}

// wayModel is the specification of a mp.Connection: in2 is the number of the message that is sent.
var wayModel = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, 2*(mostPipes+1))
		for _, o := range history {
			switch i := o.Input.(input); i.op {
			case opDie:
				for k := range min(pipeHolders, i.client) {
					for side := range 2 {
						ended := i
						ended.in1 = way(i.client-k, side)
						o.Input = ended
						parts[ended.in1] = append(parts[ended.in1], o)
					}
				}
			case opClose:
				for side := range int64(2) {
					ended := i
					ended.in1 = i.in1&^1 | side
					o.Input = ended
					parts[ended.in1] = append(parts[ended.in1], o)
				}
			default:
				parts[i.in1] = append(parts[i.in1], o)
			}
		}
		return parts
	},
	Init: func() []any { return []any{wayState{}} },
	Step: func(state, in, out any) []any {
		s, i, o := state.(wayState), in.(input), out.(output)
		pipe := int(i.in1 / 2)
		k := i.client - pipe
		ends := i.op == opDie || i.op == opClose
		switch {
		case ends && o.pending:
			return []any{s, s.without(pipe, k)}
		case ends:
			return []any{s.without(pipe, k)}
		case o.pending && s.gone[k]: // whatever the dead have done was before
			return []any{s}
		}
		var next []any
		if o.pending {
			next = perhaps(s.box, boxEffects(s.box, i, wayBox(i.in1)))
		} else {
			next = boxStep(s.box, i, o.out, wayBox(i.in1))
		}
		for n, b := range next {
			next[n] = wayState{b.(boxState), s.gone}
		}
		return next
	},
}

// wire is an end of a pipe, and what it sends.
type wire struct {
	End  *mp.Connection[[]byte, []byte]
	Sent int64
}

// loom has the ends for the processes to come.
type loom [mostPipes + 1][2]*mp.Connection[[]byte, []byte]

// wires are the ends for a process: those that nobody else is to have, and clones of the others.
func (l *loom) wires(t *testing.T, me int) (all []wire) {
	a, b := mp.NewPipe[[]byte, []byte](mp.RingBytes(8 * wayBox(way(me, 0)).words))
	l[me] = [2]*mp.Connection[[]byte, []byte]{a, b}
	for k := range min(pipeHolders, me) {
		pipe := me - k
		side := sideOf(pipe, k)
		end := l[pipe][side]
		if k+1 < pipeHolders && sideOf(pipe, k+1) == side {
			var err error
			if end, err = end.Clone(); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, wire{end, way(pipe, side)})
	}
	return all
}

// wireClient sends, receives, tries both, gives up, and closes an end now and then, and all in the end.
var wireClient = mp.Proc3(func(ctx context.Context, j journal, wires []wire, stop *mp.Value[int32]) error {
	r := rand.New(rand.NewPCG(10, uint64(j.Me)))
	for n := int64(1); stop.Load() == 0 && !j.full(); n++ {
		which := r.IntN(len(wires))
		w := wires[which]
		wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(1000))*time.Microsecond)
		if r.IntN(200) == 0 && len(wires) > 1 {
			w.shut(j)
			wires = slices.Delete(wires, which, which+1)
		} else {
			w.use(wait, j, r.IntN(4), int64(j.Me)<<16|n)
		}
		cancel()
		if r.IntN(4) == 0 {
			time.Sleep(time.Duration(r.IntN(60)) * time.Microsecond)
		}
	}
	untilKilled(stop)
	for _, w := range wires { // else the others would find the ends gone, and not know why
		w.shut(j)
	}
	return nil
})

func (w wire) shut(j journal) {
	j.do(opClose, w.Sent, 0, func() int64 { return refused(w.End.Close()) })
}

func (w wire) use(ctx context.Context, j journal, what int, number int64) {
	comes := w.Sent ^ 1
	sent := func(err error) int64 {
		if errors.Is(err, io.ErrClosedPipe) {
			return outShut
		}
		return refused(err)
	}
	got := func(m []byte, err error) int64 {
		switch {
		case err == io.EOF:
			return outShut
		case err != nil:
			return refused(err)
		}
		return read(m, wayBox(comes))
	}
	switch what {
	case 0:
		j.do(opPut, w.Sent, number, func() int64 { return sent(w.End.SendContext(ctx, written(number, wayBox(w.Sent)))) })
	case 1:
		j.do(opTryPut, w.Sent, number, func() int64 { return sent(w.End.TrySend(written(number, wayBox(w.Sent)))) })
	case 2:
		j.do(opTake, comes, 0, func() int64 { return got(w.End.RecvContext(ctx)) })
	default:
		j.do(opTryTake, comes, 0, func() int64 { return got(w.End.TryRecv()) })
	}
}

func TestHistoriesOfPipes(t *testing.T) {
	rounds := 6
	if race.Enabled {
		rounds = 2
	}
	eof, refusals, after := 0, 0, 0
	for range rounds {
		l := new(loom)
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return wireClient(j, l.wires(t, j.Me), stop) })
		c.judge(t, wayModel, porcupine.Ok)
		eof += c.count(func(i input, out int64) bool { return (i.op == opTake || i.op == opTryTake) && out == outShut })
		refusals += c.count(func(i input, out int64) bool { return (i.op == opPut || i.op == opTryPut) && out == outShut })
		after += c.afterDeath()
	}
	t.Logf("%d times the end of a pipe, %d refusals to send, %d messages of the dead", eof, refusals, after)
	if eof == 0 || refusals == 0 || after == 0 {
		t.Error("these are too few to prove anything")
	}
}

// afterDeath is how many messages were received when their sender was dead.
func (c *chronicle) afterDeath() (n int) {
	died := make(map[int]int64)
	for _, o := range c.history {
		if i := o.Input.(input); i.op == opDie {
			died[i.client] = o.Return
		}
	}
	for _, o := range c.history {
		i, out := o.Input.(input), o.Output.(output)
		if end, dead := died[int(out.out>>16)]; dead && (i.op == opTake || i.op == opTryTake) && out.out > 0 && o.Call > end {
			n++
		}
	}
	return n
}

func TestHistoriesOfPipesCanFail(t *testing.T) {
	const pipe = 3 // end 0 is that of process 3, end 1 that of 4 and 5
	op := func(who int, o op, side int, number, out int64) porcupine.Operation {
		return porcupine.Operation{Input: input{client: who, op: o, in1: way(pipe, side), in2: number}, Output: output{out: out}}
	}
	dies := op(3, opPut, 0, 2, 0)
	dies.Output = output{pending: true}
	sent, one, four, five := op(3, opPut, 0, 1, outDone), op(3, opDie, 0, 0, 0), op(4, opDie, 0, 0, 0), op(5, opDie, 0, 0, 0)
	back := op(4, opPut, 1, 1, outDone)
	mustRefuse(t, wayModel, map[string][]porcupine.Operation{
		"the end before what was sent":      {sent, one, op(4, opTake, 0, 0, outShut)},
		"the end, and nobody is gone":       {sent, op(4, opTake, 0, 0, 1), op(4, opTake, 0, 0, outShut)},
		"the end, and one of two is gone":   {four, op(3, opTake, 1, 0, outShut)},
		"no end":                            {one, op(4, opTryTake, 0, 0, outEmpty)},
		"sent to nobody":                    {four, five, op(3, opTryPut, 0, 1, outDone)},
		"refused, and one is there":         {op(4, opClose, 1, 0, outDone), op(3, opPut, 0, 1, outShut)},
		"what the dead send":                {one, dies, op(4, opTake, 0, 0, 2)},
		"out of order":                      {sent, op(3, opPut, 0, 2, outDone), op(5, opTake, 0, 0, 2)},
		"lost by the death of the receiver": {back, five, four, op(3, opTake, 1, 0, outShut)},
		"received by both":                  {sent, op(4, opTake, 0, 0, 1), op(5, opTake, 0, 0, 1)},
	})
}
