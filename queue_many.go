package mp

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/multiproc/mp/internal/race"
	"github.com/multiproc/mp/internal/ring"
)

// batchLength is how many messages go in or out of a queue at once, at most, and batchBytes after how many bytes no more go in.
const (
	batchLength = 1024
	batchBytes  = keptBuffer / 2
)

var batches = sync.Pool{New: func() any { return new([batchLength]ring.Message) }}

func giveBatch(b *[batchLength]ring.Message, used int) {
	clear(b[:used]) // they lead to memory
	batches.Put(b)
}

// PutMany puts all of vs, in this order, waiting for room as long as it must, and tells how many were put: fewer only with an error
// of [Queue.PutContext], which is about vs[n]. Those for which there is room at the same time, up to 1024, or
// about 32 KiB, are put at once: others see all of them or none, and no message of others comes in between. Killed in it, the
// first few are there, whole, and the others never were. A message costs about 60 % of a Put.
func (q *Queue[T]) PutMany(ctx context.Context, vs []T) (n int, err error) {
	for n < len(vs) && err == nil {
		var k int
		k, err = q.putBatch(ctx, vs[n:])
		n += k
	}
	runtime.KeepAlive(q)
	return n, err
}

func (q *Queue[T]) putBatch(ctx context.Context, vs []T) (n int, err error) {
	b, batch, msgs := takeLongBuffer(), batches.Get().(*[batchLength]ring.Message), 0
	used := (*b)[:0]
	defer func() {
		for _, m := range batch[n:msgs] { // after an error, or if an encoding has panicked
			q.way.ring.Release(q.way.user, m)
		}
		giveBuffer(b, used)
		giveBatch(batch, msgs)
	}()
	var wrong error
	for sum := 0; msgs < min(len(vs), batchLength) && sum < batchBytes; msgs++ {
		if batch[msgs], used, wrong = encode(&q.way, used, &vs[msgs], true); wrong != nil {
			break
		}
		sum += len(batch[msgs].Bytes)
	}
	if race.Enabled {
		q.shadow.Release()
	}
	if n, err = q.way.ring.PutMany(ctx, q.way.user, batch[:msgs]); err == nil {
		err = wrong
	}
	return n, named(err, q.hold)
}

// GetMany gets messages to vs: it waits for one, until ctx ends, and then takes what is there, up to len(vs), 1024, or about
// 64 KiB, at once. It tells how many it got, one at least if there is no error; errors are those of [Queue.GetContext].
// Messages that cannot be decoded are taken and left out, which is an error beside those that could be. Killed in it, all of
// them are still there, or were got. A message costs about 60 % of a Get.
func (q *Queue[T]) GetMany(ctx context.Context, vs []T) (n int, err error) {
	if len(vs) == 0 {
		return 0, nil
	}
	b, batch := takeLongBuffer(), batches.Get().(*[batchLength]ring.Message)
	next := 0
	got, err := q.way.ring.TakeMany(ctx, q.way.user, (*b)[:0], batch[:min(len(vs), batchLength)])
	defer func() {
		for _, m := range batch[next:got] { // a decoding has panicked
			q.way.ring.Release(q.way.user, m)
		}
		giveBuffer(b, *b)
		giveBatch(batch, got)
		runtime.KeepAlive(q)
	}()
	if err != nil {
		return 0, named(err, q.hold)
	}
	if race.Enabled {
		q.shadow.Acquire()
	}
	var wrong []error
	for next < got {
		next++
		if v, err := decode[T](&q.way, batch[next-1]); err != nil {
			wrong = append(wrong, err)
		} else {
			vs[n] = v
			n++
		}
	}
	return n, errors.Join(wrong...)
}
