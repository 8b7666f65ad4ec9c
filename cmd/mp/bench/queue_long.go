package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

// queueCommand is mp bench queue.
func queueCommand() *cobra.Command {
	var asJSON, short bool
	c := &cobra.Command{
		Use:   "queue",
		Short: "Measure mp.Queue between processes: beside channels, CPython and copying; by the number of processes; latency",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			scale := 1.0
			if short {
				scale = 0.02
			}
			return runQueue(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), scale, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the comparisons alone, a line of JSON each")
	c.Flags().BoolVar(&short, "short", false, "measure a fiftieth as long: to see that it works, not how fast it is")
	return c
}

func runQueue(ctx context.Context, out, progress io.Writer, scale float64, asJSON bool) error {
	rows := longQueueRows(scale)
	missing := new(rivals.MissingError)
	py, err := rivals.Python(ctx)
	switch {
	case errors.As(err, &missing):
		fmt.Fprintf(progress, "left out: %v\n", err)
	case err != nil:
		return err
	default:
		defer py.Close()
		rows = append(rows, cpythonQueueRows(py, 2*scale)...)
	}
	if err := measure(ctx, rows, out, progress, asJSON); err != nil || asJSON {
		return err
	}
	if err := queueCrowds(ctx, out, scale); err != nil {
		return err
	}
	return queueLatencies(ctx, out, scale)
}

// longQueueRows take seconds each.
func longQueueRows(scale float64) []Row {
	const limit = 1024
	n, large := int(2e6*scale), int(2000*scale)
	return []Row{
		{
			Name: "mp.Queue of 1024, 8 B, 1 process to 1", Beside: "buffered channel", Most: 2, Rounds: 7,
			Ours: throughShared(n, 1, limit), Theirs: throughChannel(n, 1, make(chan int, limit)),
		},
		{
			Name: "mp.Queue of 1024, 8 B, 4 processes to 4", Beside: "buffered channel", Most: 2, Rounds: 7,
			Ours: throughShared(n, 4, limit), Theirs: throughChannel(n, 4, make(chan int, limit)),
		},
		{
			Name: "mp.Queue, 1 MiB, 1 process to 1", Beside: "copy in and out", Most: 1.3, Rounds: 7,
			Ours: largeShared(large), Theirs: inAndOut(large, plainCopy),
		},
		{
			Name: "mp.Queue, 1 MiB, 1 process to 1", Beside: "copy by parts of 256 KiB in and out", Rounds: 7,
			Ours: largeShared(large), Theirs: inAndOut(large, copyByParts),
		},
		{
			Name: "mp.Queue, 1 MiB, put and get in turn", Beside: "copy in and out", Most: 1.3, Rounds: 7,
			Ours: largeInTurn(large), Theirs: inAndOut(large, plainCopy),
		},
		{
			Name: "mp.Queue, 1 MiB, put and get in turn", Beside: "copy by parts of 256 KiB in and out", Rounds: 7,
			Ours: largeInTurn(large), Theirs: inAndOut(large, copyByParts),
		},
	}
}

const (
	largeSize = 1 << 20
	largeRing = 8 << 20 // a message may take a quarter of it
)

var (
	produceLarge = mp.Proc3(func(ctx context.Context, r race, n int, q *mp.Queue[[]byte]) error {
		message := make([]byte, largeSize)
		r.begin()
		for range n {
			if err := q.PutContext(ctx, message); err != nil {
				return err
			}
		}
		return nil
	})
	consumeLarge = mp.Proc3(consume[[]byte])
)

func largeShared(n int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		q, first := mp.NewQueue[[]byte](0, mp.RingBytes(largeRing)), true
		ns, err := count(ctx, 2, n, func(r race) mp.Target {
			if first {
				first = false
				return produceLarge(r, n, q)
			}
			return consumeLarge(r, n, q)
		})
		return 2 * ns, err
	}
}

func largeInTurn(n int) func(context.Context) (float64, error) {
	q, message := mp.NewQueue[[]byte](0, mp.RingBytes(largeRing)), make([]byte, largeSize)
	return perOp(n, func(n int) {
		for range n {
			_ = q.Put(message) // it is not shut down, and has room
			_, _ = q.Get()
		}
	})
}

// inAndOut copies a message into memory as large as a ring, a different place each time, and out of it.
func inAndOut(n int, move func(to, from []byte) int) func(context.Context) (float64, error) {
	ring, in, out := make([]byte, largeRing), make([]byte, largeSize), make([]byte, largeSize)
	return perOp(n, func(n int) {
		for i := range n {
			place := ring[i*largeSize%largeRing:][:largeSize]
			move(place, in)
			move(out, place)
		}
	})
}

func plainCopy(to, from []byte) int { return copy(to, from) }

// copyByParts is faster than copy, which writes past the caches from 1 MiB on.
func copyByParts(to, from []byte) (n int) {
	for n < len(from) {
		n += copy(to[n:], from[n:min(n+256<<10, len(from))])
	}
	return n
}

// passOn puts and gets in turn.
var passOn = mp.Proc3(func(ctx context.Context, r race, n int, q *mp.Queue[int]) error {
	r.begin()
	for i := range n {
		if err := q.PutContext(ctx, i); err != nil {
			return err
		}
		if _, err := q.GetContext(ctx); err != nil {
			return err
		}
	}
	r.end()
	return nil
})

// queueCrowds shows what becomes of the throughput of one queue that many processes use.
func queueCrowds(ctx context.Context, out io.Writer, scale float64) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nprocesses that put and get in turn\tns a message\tmessages a second")
	for _, processes := range []int{1, 2, 4, 8, 32} {
		var all []float64
		for range 5 {
			q := mp.NewQueue[int](0)
			n := int(1e6*scale) / processes
			ns, err := count(ctx, processes, n, func(r race) mp.Target { return passOn(r, n, q) })
			if err != nil {
				return err
			}
			all = append(all, ns)
		}
		ns := median(all)
		fmt.Fprintf(w, "%d\t%.0f\t%.0f\n", processes, ns, 1e9/ns)
	}
	return w.Flush()
}
