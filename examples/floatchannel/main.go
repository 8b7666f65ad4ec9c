// Floatchannel: a shared array, its length and two semaphores make a channel with room for one message. 1,000 messages of
// 100,000 floats go through it to another process, and then through a pipe.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/multiproc/mp"
)

const messages, floats = 1000, 100_000

type channel struct {
	Floats      *mp.RawArray[float64]
	Len         *mp.Value[int]
	Empty, Full *mp.Semaphore
}

func newChannel() channel {
	return channel{mp.NewRawArray[float64](floats), mp.NewValue(0), mp.NewSemaphore(1), mp.NewSemaphore(0)}
}

func (c channel) send(ctx context.Context, x []float64) error {
	if err := c.Empty.AcquireContext(ctx); err != nil {
		return err
	}
	c.Len.Store(copy(c.Floats.Slice(), x))
	c.Full.Release()
	return nil
}

// receive fills x, and returns the part of it that is the message.
func (c channel) receive(ctx context.Context, x []float64) ([]float64, error) {
	if err := c.Full.AcquireContext(ctx); err != nil {
		return nil, err
	}
	x = x[:copy(x, c.Floats.Slice()[:c.Len.Load()])]
	c.Empty.Release()
	return x, nil
}

var fromChannel = mp.Func(func(ctx context.Context, c channel) (float64, error) {
	x := make([]float64, floats)
	return checksum(func() ([]float64, error) { return c.receive(ctx, x) })
})

var fromPipe = mp.Func(func(ctx context.Context, in *mp.Connection[mp.None, []float64]) (float64, error) {
	return checksum(func() ([]float64, error) { return in.RecvContext(ctx) })
})

// checksum adds one float of each message, which no other message has there, and all floats of the last.
func checksum(receive func() ([]float64, error)) (sum float64, err error) {
	var x []float64
	for i := range messages {
		if x, err = receive(); err != nil {
			return 0, err
		}
		sum += x[i]
	}
	for _, v := range x {
		sum += v
	}
	return sum, nil
}

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	c := newChannel()
	shared, err := timed(ctx, "shared array", fromChannel(c), c.send)
	if err != nil {
		return err
	}
	out, in := mp.NewPipe[[]float64, mp.None](mp.RingBytes(4 << 20))
	pipe, err := timed(ctx, "pipe", fromPipe(in), out.SendContext)
	if err != nil {
		return err
	}
	fmt.Printf("the array takes %.2f of the pipe's time\n", shared.Seconds()/pipe.Seconds())
	return nil
}

// timed sends all messages to a process that receives them, and returns what one took.
func timed(ctx context.Context, name string, receiver mp.Call[float64], send func(context.Context, []float64) error) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin := time.Now()
	go func() {
		x := make([]float64, floats)
		for i := range messages {
			x[i] = float64(i)
			if err := send(ctx, x); err != nil {
				cancel(err) // which ends the receiver
				return
			}
		}
	}()
	sum, err := mp.Run(ctx, receiver)
	each := time.Since(begin) / messages
	if err == nil {
		fmt.Printf("%s: checksum %.0f, %v a message\n", name, sum, each.Round(time.Microsecond))
	}
	return each, err
}
