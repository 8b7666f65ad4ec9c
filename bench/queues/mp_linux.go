package main

import (
	"context"
	"errors"
	"io"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

// line is one side of what two processes talk over.
type line interface {
	send(m []byte) error
	receive(see func(m []byte) error) error // m is valid until see returns
}

// got is mp.Queue, one in each direction, with a new []byte for every message.
type got struct{ to, from *mp.Queue[[]byte] }

func (l got) send(m []byte) error { return l.to.Put(m) }

func (l got) receive(see func([]byte) error) error {
	m, err := l.from.Get()
	if err != nil {
		return err
	}
	return see(m)
}

// borrowed is the same, and a message is looked at where it lies.
type borrowed struct{ got }

func (l borrowed) receive(see func([]byte) error) error {
	m, err := mp.Borrow(context.Background(), l.from)
	if err != nil {
		return err
	}
	defer m.Release()
	return see(m.Bytes())
}

// piped is an end of mp.NewPipe, and the same memory for every message.
type piped struct {
	end *mp.Connection[[]byte, []byte]
	in  []byte
}

func (l piped) send(m []byte) error { return l.end.SendBytes(m) }

func (l piped) receive(see func([]byte) error) error {
	n, err := l.end.RecvBytesInto(l.in)
	if err != nil {
		return err
	}
	return see(l.in[:n])
}

// answerAll is the other side, until this one ends.
func answerAll(l line) error {
	for {
		err := l.receive(func(m []byte) error {
			if m[0] == take {
				return nil
			}
			return l.send(m)
		})
		if errors.Is(err, queue.ErrShutDown) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

type queues struct {
	There, Back *mp.Queue[[]byte]
	Borrow      bool
}

func (q queues) line(to, from *mp.Queue[[]byte]) line {
	if q.Borrow {
		return borrowed{got{to, from}}
	}
	return got{to, from}
}

var (
	otherQueues = mp.Proc(func(_ context.Context, q queues) error { return answerAll(q.line(q.Back, q.There)) })
	otherPipe   = mp.Proc2(func(_ context.Context, end *mp.Connection[[]byte, []byte], size int) error {
		return answerAll(piped{end, make([]byte, size)})
	})
)

func openQueues(ctx context.Context, size int) (way, error) { return startQueues(ctx, size, false) }
func openBorrow(ctx context.Context, size int) (way, error) { return startQueues(ctx, size, true) }

func startQueues(ctx context.Context, size int, borrow bool) (way, error) {
	room := mp.RingBytes(max(1<<20, 8*size))
	q := queues{mp.NewQueue[[]byte](0, room), mp.NewQueue[[]byte](0, room), borrow}
	w := &mpWay{q.line(q.There, q.Back), size, &mp.Process{Target: otherQueues(q)}, func() error { q.There.Shutdown(); return nil }}
	return w, w.other.Start(ctx)
}

func openPipe(ctx context.Context, size int) (way, error) {
	mine, theirs := mp.NewPipe[[]byte, []byte](mp.RingBytes(max(1<<20, 8*size)))
	w := &mpWay{piped{mine, make([]byte, size)}, size, &mp.Process{Target: otherPipe(theirs, size)}, mine.Close}
	return w, w.other.Start(ctx)
}

type mpWay struct {
	line
	size  int
	other *mp.Process
	end   func() error
}

func seen([]byte) error { return nil }

func (w *mpWay) trip(n int) error {
	m := message(giveBack, w.size)
	for range n {
		if err := w.send(m); err != nil {
			return err
		}
		if err := w.receive(seen); err != nil {
			return err
		}
	}
	return nil
}

func (w *mpWay) flood(n int) error {
	m := message(take, w.size)
	for i := range n {
		if i == n-1 {
			m[0] = answer
		}
		if err := w.send(m); err != nil {
			return err
		}
	}
	return w.receive(seen)
}

func (w *mpWay) close() error { return errors.Join(w.end(), w.other.Join()) }
