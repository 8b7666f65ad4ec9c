package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/multiproc/mp"

	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

// round sends a number to another process and gets it back.
type round func(n uint64) error

// reply sends back what comes through a pipe, until the other side is gone.
var reply = mp.Proc(func(ctx context.Context, c *mp.Connection[uint64, uint64]) error {
	for n, err := range c.All(ctx) {
		if err := errors.Join(err, c.SendContext(ctx, n)); err != nil {
			return err
		}
	}
	return nil
})

// replySocket does so through a socket, which is its standard input.
var replySocket = mp.Proc0(func(context.Context) error {
	c, err := net.FileConn(os.Stdin)
	if err != nil {
		return err
	}
	b := make([]byte, 8)
	for {
		if _, err := io.ReadFull(c, b); err != nil {
			return ignoreEOF(err)
		}
		if _, err := c.Write(b); err != nil {
			return err
		}
	}
})

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// throughPipe has f make rounds through a pipe.
func throughPipe(ctx context.Context, f func(round) error) error {
	mine, theirs := mp.NewPipe[uint64, uint64]()
	p := &mp.Process{Target: reply(theirs)}
	if err := p.Start(ctx); err != nil {
		return err
	}
	err := f(func(n uint64) error {
		if err := mine.Send(n); err != nil {
			return err
		}
		got, err := mine.Recv()
		return echoed(n, got, err)
	})
	return firstOf(err, mine.Close(), p.Join())
}

// throughSocket has f make rounds through a Unix socket pair.
func throughSocket(ctx context.Context, f func(round) error) error {
	mine, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer func() { _ = theirs.Close() }() // the child has its own
	c, err := net.FileConn(mine)
	if err = errors.Join(err, mine.Close()); err != nil {
		return err
	}
	p := &mp.Process{Target: replySocket(), Stdin: theirs}
	if err := p.Start(ctx); err != nil {
		return err
	}
	b := make([]byte, 8)
	err = f(func(n uint64) error {
		binary.LittleEndian.PutUint64(b, n)
		if _, err := c.Write(b); err != nil {
			return err
		}
		_, err := io.ReadFull(c, b)
		return echoed(n, binary.LittleEndian.Uint64(b), err)
	})
	return firstOf(err, c.Close(), p.Join())
}

func echoed(n, got uint64, err error) error {
	if err == nil && got != n {
		err = fmt.Errorf("%d went, %d came back", n, got)
	}
	return err
}

// roundTrips is the ns of one of n rounds, behind a few that warm up.
func roundTrips(n int, through func(context.Context, func(round) error) error) func(context.Context) (float64, error) {
	return func(ctx context.Context) (ns float64, err error) {
		err = through(ctx, func(r round) error {
			var begin time.Time
			for i := range n + 100 {
				if i == 100 {
					begin = time.Now()
				}
				if err := r(uint64(i)); err != nil {
					return err
				}
			}
			ns = float64(time.Since(begin)) / float64(n)
			return nil
		})
		return ns, err
	}
}

func pipeRows(scale float64) []Row {
	ours, theirs := int(5e4*scale), int(1e4*scale)
	return []Row{{
		Name: "pipe, there and back between two processes", Beside: "Unix socket pair", Most: 0.5, Rounds: 7,
		Ours: roundTrips(ours, throughPipe), Theirs: roundTrips(theirs, throughSocket),
	}}
}

func cpythonPipeRows(py *rivals.Program, scale float64) []Row {
	ours, theirs := int(5e4*scale), int(5e3*scale)
	return []Row{{
		Name: "pipe, there and back between two processes", Beside: "CPython Pipe", Most: 0.2, Rounds: 7,
		Ours: roundTrips(ours, throughPipe), Theirs: rival(py, "pipe", fmt.Sprint(theirs), "1"),
	}}
}
