package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

// echoes is a pair of queues: what comes by one is sent back by the other.
type echoes struct{ There, Back *mp.Queue[int] }

var (
	echo = mp.Proc(func(ctx context.Context, e echoes) error {
		for {
			v, err := e.There.GetContext(ctx)
			if errors.Is(err, queue.ErrShutDown) {
				return nil
			}
			if err == nil {
				err = e.Back.PutContext(ctx, v)
			}
			if err != nil {
				return err
			}
		}
	})
	// compute keeps a CPU busy.
	compute = mp.Proc(func(_ context.Context, stop *mp.Value[int32]) error {
		for stop.Load() == 0 {
		}
		return nil
	})
)

// queueLatencies shows how long a message is on its way there and back: one after the other, and with pauses in which the other side
// falls asleep; alone, and while twice as many processes as there are CPUs compute.
func queueLatencies(ctx context.Context, out io.Writer, scale float64) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nthere and back\tp50\tp99\tp99.9\tworst\tround trips")
	for _, c := range []struct {
		name   string
		burden int
		pause  time.Duration
		n      int
	}{
		{"idle machine, at once", 0, 0, 1e5},
		{"idle machine, after 1 ms", 0, time.Millisecond, 3000},
		{"busy machine, at once", 2 * runtime.NumCPU(), 0, 2e4},
		{"busy machine, after 1 ms", 2 * runtime.NumCPU(), time.Millisecond, 1000},
	} {
		trips, err := queueTrips(ctx, c.burden, int(float64(c.n)*scale), c.pause)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s", c.name)
		for _, q := range []float64{0.5, 0.99, 0.999, 1} {
			fmt.Fprintf(w, "\t%s", pretty(trips.quantile(q)))
		}
		fmt.Fprintf(w, "\t%d\n", trips.count())
	}
	return w.Flush()
}

func queueTrips(ctx context.Context, burden, n int, pause time.Duration) (trips waits, err error) {
	e, stop := echoes{mp.NewQueue[int](0), mp.NewQueue[int](0)}, mp.NewValue[int32](0)
	var group mp.Group
	group.Start(ctx, echo(e))
	for range burden {
		group.Start(ctx, compute(stop))
	}
	defer func() {
		stop.Store(1)
		e.There.Shutdown()
		err = errors.Join(err, group.Join())
	}()
	for i := range n + n/10 {
		if pause > 0 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return trips, ctx.Err()
			}
		}
		begin := time.Now()
		if err := e.There.PutContext(ctx, i); err != nil {
			return trips, err
		}
		if _, err := e.Back.GetContext(ctx); err != nil {
			return trips, err
		}
		if i >= n/10 { // by then the other process runs
			trips.note(time.Since(begin))
		}
	}
	return trips, nil
}
