package main

import (
	"context"
	"errors"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

// queues is mp.Queue, one in each direction.
type queues struct {
	There, Back *mp.Queue[[]byte]
}

type queueWay struct {
	queues
	size  int
	other *mp.Process
}

var otherEnd = mp.Proc(func(ctx context.Context, q queues) error {
	for {
		m, err := q.There.GetContext(ctx)
		if errors.Is(err, queue.ErrShutDown) {
			return nil
		}
		if err == nil && m[0] != take {
			err = q.Back.PutContext(ctx, m)
		}
		if err != nil {
			return err
		}
	}
})

func openQueues(ctx context.Context, size int) (way, error) {
	room := mp.RingBytes(max(1<<20, 8*size))
	q := queues{mp.NewQueue[[]byte](0, room), mp.NewQueue[[]byte](0, room)}
	w := &queueWay{q, size, &mp.Process{Target: otherEnd(q)}}
	return w, w.other.Start(ctx)
}

func (w *queueWay) trip(n int) error {
	m := message(giveBack, w.size)
	for range n {
		if err := w.There.Put(m); err != nil {
			return err
		}
		if _, err := w.Back.Get(); err != nil {
			return err
		}
	}
	return nil
}

func (w *queueWay) flood(n int) error {
	m := message(take, w.size)
	for i := range n {
		if i == n-1 {
			m[0] = answer
		}
		if err := w.There.Put(m); err != nil {
			return err
		}
	}
	_, err := w.Back.Get()
	return err
}

func (w *queueWay) close() error {
	w.There.Shutdown()
	return w.other.Join()
}
