package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp"
)

func latencyCommand() *cobra.Command {
	rounds := 20000
	c := &cobra.Command{
		Use:   "latency",
		Short: "Measure how long a message takes through a pipe to another process and back, and the slow ones among them",
		Long: "Measure how long a message of 8 bytes takes to another process and back, through a pipe and through a Unix socket\n" +
			"pair: with an idle machine, and beside as many busy processes as there are CPUs.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return latency(c.Context(), c.OutOrStdout(), rounds) },
	}
	c.Flags().IntVar(&rounds, "rounds", rounds, "messages for each line")
	return c
}

// burn keeps a CPU busy until it is told to end.
var burn = mp.Proc(func(ctx context.Context, end *mp.Event) error {
	for !end.IsSet() && ctx.Err() == nil {
		for range 1 << 16 {
		}
	}
	return nil
})

func latency(ctx context.Context, out io.Writer, rounds int) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "through\tmachine\tp50\tp99\tp99.9\tworst")
	for _, busy := range []int{0, runtime.NumCPU()} {
		end := mp.NewEvent()
		var burners mp.Group
		for range busy {
			burners.Start(ctx, burn(end))
		}
		err := latencies(ctx, w, rounds, map[bool]string{false: "idle", true: "loaded"}[busy > 0])
		end.Set()
		if err = firstOf(err, burners.Join()); err != nil {
			return err
		}
	}
	return w.Flush()
}

func latencies(ctx context.Context, w io.Writer, rounds int, machine string) error {
	for _, through := range []struct {
		name string
		f    func(context.Context, func(round) error) error
	}{{"pipe", throughPipe}, {"Unix socket pair", throughSocket}} {
		took := make([]float64, 0, rounds)
		err := through.f(ctx, func(r round) error {
			for i := range rounds {
				begin := time.Now()
				if err := r(uint64(i)); err != nil {
					return err
				}
				took = append(took, float64(time.Since(begin)))
			}
			return nil
		})
		if err != nil {
			return err
		}
		slices.Sort(took)
		at := func(q float64) string { return pretty(took[min(int(q*float64(len(took))), len(took)-1)]) }
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", through.name, machine, at(0.5), at(0.99), at(0.999), at(1))
	}
	return nil
}
