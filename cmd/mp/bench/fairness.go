package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp"
)

// waits is how long the waits for a lock took: a bucket for each quarter of a power of two of ns.
type waits struct {
	Buckets [128]int64
	Worst   int64 // ns
	Least   int64 // rounds of the goroutine that had the fewest
	Most    int64
}

func (w *waits) note(d time.Duration) {
	b := int(4 * math.Log2(float64(max(d, 1))))
	w.Buckets[min(b, len(w.Buckets)-1)]++
	w.Worst = max(w.Worst, int64(d))
}

// add joins two, of goroutines that each went at least once.
func (w *waits) add(more *waits) {
	for i, n := range more.Buckets {
		w.Buckets[i] += n
	}
	w.Worst, w.Most = max(w.Worst, more.Worst), max(w.Most, more.Most)
	if w.Least < 0 || more.Least < w.Least {
		w.Least = more.Least
	}
}

func (w *waits) count() (n int64) {
	for _, b := range w.Buckets {
		n += b
	}
	return n
}

// quantile is the upper end of the bucket in which the q-th part of the waits ends.
func (w *waits) quantile(q float64) float64 {
	left := int64(math.Ceil(q * float64(w.count())))
	for i, n := range w.Buckets {
		if left -= n; left <= 0 {
			return min(math.Exp2(float64(i+1)/4), float64(w.Worst))
		}
	}
	return float64(w.Worst)
}

// crowd is a crowd that wants one lock.
type crowd struct {
	Goroutines int
	For        time.Duration
}

var wantLock = mp.Func3(func(_ context.Context, r race, c crowd, l *mp.Lock) (waits, error) {
	r.begin()
	return c.run(l), nil
})

// run has all goroutines of one process take the lock again and again, with a section of about a µs.
func (c crowd) run(l sync.Locker) waits {
	var wg sync.WaitGroup
	each := make([]waits, c.Goroutines)
	end := time.Now().Add(c.For)
	for i := range each {
		wg.Go(func() {
			for begin := time.Now(); begin.Before(end); begin = time.Now() {
				l.Lock()
				got := time.Now()
				for time.Since(got) < time.Microsecond {
				}
				l.Unlock()
				each[i].note(got.Sub(begin))
				each[i].Least++
			}
			each[i].Most = each[i].Least
		})
	}
	wg.Wait()
	sum := waits{Least: -1}
	for i := range each {
		sum.add(&each[i])
	}
	return sum
}

func crowdOf(ctx context.Context, processes int, c crowd) (waits, error) {
	r, l := newRace(), mp.NewLock()
	results := make(chan waits, processes)
	errs := make(chan error, processes)
	for range processes {
		go func() {
			w, err := mp.Run(ctx, wantLock(r, c, l))
			results <- w
			errs <- err
		}()
	}
	for r.Ready.Load() < processes && ctx.Err() == nil {
		runtime.Gosched()
	}
	r.Go.Store(time.Now().UnixNano())
	sum := waits{Least: -1}
	for range processes {
		w := <-results
		if err := <-errs; err != nil {
			return waits{}, err
		}
		sum.add(&w)
	}
	return sum, nil
}

// fairnessCommand is mp bench fairness.
func fairnessCommand() *cobra.Command {
	c := crowd{}
	processes := 0
	cmd := &cobra.Command{
		Use:   "fairness",
		Short: "Show how long a crowd waits for one lock, at worst: 10 processes of 100 goroutines",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			shared, err := crowdOf(cmd.Context(), processes, c)
			if err != nil {
				return err
			}
			all := c
			all.Goroutines *= processes
			mutex := all.run(new(sync.Mutex))
			return renderFairness(cmd.OutOrStdout(), processes, c, &shared, &mutex)
		},
	}
	cmd.Flags().IntVar(&processes, "processes", 10, "how many processes")
	cmd.Flags().IntVar(&c.Goroutines, "goroutines", 100, "how many goroutines in each")
	cmd.Flags().DurationVar(&c.For, "for", 3*time.Second, "how long")
	return cmd
}

func renderFairness(out io.Writer, processes int, c crowd, shared, mutex *waits) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "who\twaits\tp50\tp90\tp99\tp99.9\tworst\trounds of one goroutine")
	for _, row := range []struct {
		who string
		w   *waits
	}{
		{fmt.Sprintf("mp.Lock, %d processes of %d", processes, c.Goroutines), shared},
		{fmt.Sprintf("sync.Mutex, %d goroutines", processes*c.Goroutines), mutex},
	} {
		fmt.Fprintf(w, "%s\t%d", row.who, row.w.count())
		for _, q := range []float64{0.5, 0.9, 0.99, 0.999, 1} {
			fmt.Fprintf(w, "\t%s", pretty(row.w.quantile(q)))
		}
		fmt.Fprintf(w, "\t%d to %d\n", row.w.Least, row.w.Most)
	}
	return w.Flush()
}
