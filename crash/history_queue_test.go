//go:build linux

package crash

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/queue"
)

// post is the queues of one history: some are full of messages soon, and some of bytes.
type post struct{ Boxes []*mp.Queue[[]byte] }

var postBoxes = []box{{3, 128}, {1, 64}, {4_194_303, 32}, {4_194_303, 64}, {20, 2048}}

func newPost() (p post) {
	for _, b := range postBoxes {
		p.Boxes = append(p.Boxes, mp.NewQueue[[]byte](b.most, mp.RingBytes(8*b.words)))
	}
	return p
}

// sized is a queue, in which a message is as long as its number says.
type sized interface{ bytes(number int64) int }

// written is the message with a number, all of it.
func written(number int64, b sized) []byte {
	m := bytes.Repeat([]byte{byte(number)}, b.bytes(number))
	binary.LittleEndian.PutUint64(m, uint64(number))
	return m
}

// read is the number of a message that is whole.
func read(m []byte, b sized) int64 {
	if len(m) < 8 {
		return outTorn
	}
	if number := int64(binary.LittleEndian.Uint64(m)); number > 0 && bytes.Equal(m, written(number, b)) {
		return number
	}
	return outTorn
}

func refused(err error) int64 {
	switch {
	case err == nil:
		return outDone
	case errors.Is(err, queue.ErrFull):
		return outFull
	case errors.Is(err, queue.ErrEmpty):
		return outEmpty
	case errors.Is(err, queue.ErrShutDown):
		return outShut
	case errors.Is(err, context.DeadlineExceeded):
		return outGivenUp
	}
	return outTorn
}

// postClient puts, gets, tries both, gives up, counts, and now and then ends a queue.
var postClient = mp.Proc3(func(ctx context.Context, j journal, p post, stop *mp.Value[int32]) error {
	r := rand.New(rand.NewPCG(4, uint64(j.Me)))
	for n := int64(1); stop.Load() == 0 && !j.full(); n++ {
		at := r.Int64N(int64(len(p.Boxes)))
		q, b := p.Boxes[at], postBoxes[at]
		got := func(m []byte, err error) int64 {
			if err != nil {
				return refused(err)
			}
			return read(m, b)
		}
		number := int64(j.Me)<<16 | n
		wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(1500))*time.Microsecond)
		switch what := r.IntN(200); {
		case what < 50:
			j.do(opPut, at, number, func() int64 { return refused(q.PutContext(wait, written(number, b))) })
		case what < 85:
			j.do(opTryPut, at, number, func() int64 { return refused(q.TryPut(written(number, b))) })
		case what < 130:
			j.do(opTake, at, 0, func() int64 { return got(q.GetContext(wait)) })
		case what < 170:
			j.do(opTryTake, at, 0, func() int64 { return got(q.TryGet()) })
		case what < 198:
			j.do(opLen, at, 0, func() int64 { return int64(q.Len()) })
		case what == 198 && j.Me > historyKills/2:
			j.do(opShut, at, 0, func() int64 { q.Shutdown(); return outDone })
		case what == 199 && j.Me > historyKills/2:
			j.do(opShutNow, at, 0, func() int64 { q.ShutdownNow(); return outDone })
		}
		cancel()
		if r.IntN(4) == 0 {
			time.Sleep(time.Duration(r.IntN(60)) * time.Microsecond)
		}
	}
	untilKilled(stop)
	return nil
})

// apart makes two operations of a ShutdownNow, which it is: the end of the queue, and the drop of what is there.
func (c *chronicle) apart() {
	for _, o := range c.history {
		if i := o.Input.(input); i.op == opShutNow {
			i.op = opDrop
			drop := o
			drop.Input = i
			c.history = append(c.history, drop)
		}
	}
	for at, o := range c.history {
		if i := o.Input.(input); i.op == opShutNow {
			i.op = opShut
			c.history[at].Input = i
		}
	}
}

func TestHistoriesOfQueues(t *testing.T) {
	rounds := 6
	if race.Enabled {
		rounds = 2
	}
	for range rounds {
		p := newPost()
		c := unfold(t, historyKills, func(j journal, stop *mp.Value[int32]) mp.Target { return postClient(j, p, stop) })
		c.apart()
		c.judge(t, boxModel(postBoxes), porcupine.Ok)
	}
}

func TestHistoriesOfQueuesCanFail(t *testing.T) {
	b := box{2, 128}
	one := func(o op, number, out int64) porcupine.Operation {
		return porcupine.Operation{Input: input{client: 1, op: o, in2: number}, Output: output{out: out}}
	}
	dies := one(opPut, 3, 0)
	dies.Output = output{pending: true}
	mustRefuse(t, boxModel([]box{b}), map[string][]porcupine.Operation{
		"out of order":                {one(opPut, 1, outDone), one(opPut, 2, outDone), one(opTake, 0, 2)},
		"lost":                        {one(opPut, 1, outDone), one(opTryTake, 0, outEmpty)},
		"twice":                       {one(opPut, 1, outDone), one(opTake, 0, 1), one(opTake, 0, 1)},
		"torn":                        {one(opPut, 1, outDone), one(opTake, 0, outTorn)},
		"more than it holds":          {one(opPut, 1, outDone), one(opPut, 2, outDone), one(opTryPut, 3, outDone)},
		"full, and it is not":         {one(opPut, 1, outDone), one(opTryPut, 2, outFull)},
		"a length that never was":     {one(opPut, 1, outDone), one(opLen, 0, 2)},
		"put into what was shut":      {one(opShut, 0, outDone), one(opPut, 1, outDone)},
		"shut, and nobody did":        {one(opTake, 0, outShut)},
		"shut with a message in it":   {one(opPut, 1, outDone), one(opShut, 0, outDone), one(opTake, 0, outShut)},
		"got what was dropped":        {one(opPut, 1, outDone), one(opShut, 0, outDone), one(opDrop, 0, outDone), one(opTake, 0, 1)},
		"a dead put that comes twice": {dies, one(opTake, 0, 3), one(opTake, 0, 3)},
	})
}
