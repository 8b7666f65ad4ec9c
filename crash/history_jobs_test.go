//go:build linux

package crash

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/race"
)

// office is the queues of one history.
type office struct{ Desks []*mp.JoinableQueue[[]byte] }

var officeDesks = []desk{{3, 1 << 20, 1}, {1000, 700, 1}, {5, 1 << 20, 3}}

func newOffice() (o office) {
	for _, d := range officeDesks {
		o.Desks = append(o.Desks, mp.NewJoinableQueue[[]byte](d.most, mp.RingBytes(d.room)))
	}
	return o
}

// clerk is a process at the desks, with what it has in hand of each.
type clerk struct {
	j     journal
	r     *rand.Rand
	hands [][]mp.Message[[]byte]
	put   int64 // the number of its last job
}

// clerkClient puts, gets, tries both, does jobs, gives them back and joins, counts, and now and then ends a queue.
var clerkClient = mp.Proc3(func(ctx context.Context, j journal, o office, stop *mp.Value[int32]) error {
	c := clerk{j: j, r: rand.New(rand.NewPCG(8, uint64(j.Me))), hands: make([][]mp.Message[[]byte], len(o.Desks))}
	for stop.Load() == 0 && !j.full() {
		at := c.r.IntN(len(o.Desks))
		wait, cancel := context.WithTimeout(ctx, time.Duration(c.r.IntN(1500))*time.Microsecond)
		c.step(wait, o.Desks[at], at)
		cancel()
		if c.r.IntN(4) == 0 {
			time.Sleep(time.Duration(c.r.IntN(60)) * time.Microsecond)
		}
	}
	untilKilled(stop)
	return nil
})

func (c *clerk) step(ctx context.Context, q *mp.JoinableQueue[[]byte], at int) {
	d, desk := officeDesks[at], int64(at)
	c.put++
	number := int64(c.j.Me)<<16 | c.put
	got := func(m mp.Message[[]byte], err error) int64 {
		if err != nil {
			return refused(err)
		}
		c.hands[at] = append(c.hands[at], m)
		return delivered(read(m.Value, d), m.Delivery)
	}
	free := len(c.hands[at]) < d.hand
	switch what := c.r.IntN(200); {
	case what < 35:
		c.j.do(opPut, desk, number, func() int64 { return refused(q.PutContext(ctx, written(number, d))) })
	case what < 55:
		c.j.do(opTryPut, desk, number, func() int64 { return refused(q.TryPut(written(number, d))) })
	case what < 90 && free:
		c.j.do(opTake, desk, 0, func() int64 { return got(q.GetContext(ctx)) })
	case what < 120 && free:
		c.j.do(opTryTake, desk, 0, func() int64 { return got(q.TryGet()) })
	case what < 165 && len(c.hands[at]) > 0:
		c.end(at, what < 150)
	case what < 185:
		c.j.do(opJoin, desk, 0, func() int64 { return refused(q.JoinContext(ctx)) })
	case what < 197 && d.hand == 1:
		c.j.do(opLen, desk, 0, func() int64 { return int64(q.Len()) })
	case what >= 197 && c.j.Me > historyKills*3/4:
		c.j.do(opShut, desk, 0, func() int64 { q.Shutdown(); return outDone })
	}
}

// end does one of the jobs in hand, or puts it back.
func (c *clerk) end(at int, done bool) {
	which := c.r.IntN(len(c.hands[at]))
	m := c.hands[at][which]
	c.hands[at] = slices.Delete(c.hands[at], which, which+1)
	number := read(m.Value, officeDesks[at])
	if done {
		c.j.do(opDone, int64(at), number, func() int64 { m.TaskDone(); return outDone })
	} else {
		c.j.do(opPutBack, int64(at), number, func() int64 { m.PutBack(); return outDone })
	}
}

func TestHistoriesOfJobs(t *testing.T) {
	rounds := 6
	if race.Enabled {
		rounds = 2
	}
	again, joined := 0, 0
	for range rounds {
		o := newOffice()
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return clerkClient(j, o, stop) })
		c.judge(t, deskModel(officeDesks), porcupine.Ok)
		again += c.count(func(i input, out int64) bool {
			return (i.op == opTake || i.op == opTryTake) && out > 0 && out&0xFF > 1
		})
		joined += c.count(func(i input, out int64) bool { return i.op == opJoin && out == outDone })
	}
	t.Logf("%d deliveries beyond the first, %d joins", again, joined)
	if again == 0 || joined == 0 {
		t.Error("these are too few to prove anything")
	}
}

func TestHistoriesOfJobsCanFail(t *testing.T) {
	by := func(who int, o op, number, out int64) porcupine.Operation {
		return porcupine.Operation{Input: input{client: who, op: o, in2: number}, Output: output{out: out}}
	}
	pending := by(2, opTake, 0, 0)
	pending.Output = output{pending: true}
	put, put2, die := by(1, opPut, 1, outDone), by(1, opPut, 2, outDone), by(2, opDie, 0, 0)
	got := by(2, opTake, 0, delivered(1, 1))
	mustRefuse(t, deskModel([]desk{{2, 1 << 20, 1}}), map[string][]porcupine.Operation{
		"out of order":                        {put, put2, by(2, opTake, 0, delivered(2, 1))},
		"lost with its consumer":              {put, got, die, by(1, opTryTake, 0, outEmpty)},
		"lost with one that may have had it":  {put, pending, die, by(1, opTryTake, 0, outEmpty)},
		"again, and it does not say so":       {put, got, die, by(1, opTake, 0, delivered(1, 1))},
		"again, and nobody has died":          {put, got, by(1, opTake, 0, delivered(1, 2))},
		"again, though it was done":           {put, got, by(2, opDone, 1, outDone), die, by(1, opTake, 0, delivered(1, 2))},
		"behind what was never delivered":     {put, got, put2, die, by(1, opTake, 0, delivered(2, 1))},
		"put back behind it":                  {put, got, put2, by(2, opPutBack, 1, outDone), by(1, opTake, 0, delivered(2, 1))},
		"more than it holds":                  {put, put2, by(1, opTryPut, 3, outDone)},
		"full, though one is in hand":         {put, put2, got, by(1, opTryPut, 3, outFull)},
		"joined, and one is in hand":          {put, got, by(1, opJoin, 0, outDone)},
		"joined, and one came back":           {put, got, die, by(1, opJoin, 0, outDone)},
		"shut for one who waits for another":  {put, got, by(1, opShut, 0, outDone), by(1, opTake, 0, outShut)},
		"put into what was shut":              {by(1, opShut, 0, outDone), put},
		"a length with what is in hand in it": {put, got, by(1, opLen, 0, 1)},
		"done by one who does not have it":    {put, got, by(1, opDone, 1, outDone)},
		"two that have it":                    {put, got, by(3, opTryTake, 0, delivered(1, 1))},
		"empty, and one waits":                {put, by(2, opTryTake, 0, outEmpty)},
		"torn":                                {put, by(2, opTake, 0, delivered(outTorn, 1))},
	})
}
