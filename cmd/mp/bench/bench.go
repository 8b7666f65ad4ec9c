// Package bench is mp bench: what this module does, beside what one would use instead, in one run. Each row is
// measured in rounds that alternate between the two, so that what disturbs the machine disturbs both, and
// shows the medians and their ratio.
package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/cmd/mp/terminal"
)

// Row is one comparison. Ours and theirs do the work once and return what one operation took, in ns.
type Row struct {
	Name   string
	Beside string
	Most   float64 // what the ratio must not exceed; 0: no target
	Rounds int
	Ours   func(ctx context.Context) (float64, error)
	Theirs func(ctx context.Context) (float64, error)
}

// Figure is a measured row, and a line of --json.
type Figure struct {
	Name     string  `json:"name"`
	NS       float64 `json:"ns"`
	Beside   string  `json:"beside"`
	BesideNS float64 `json:"beside_ns"`
	Ratio    float64 `json:"ratio"` // ours / theirs: less is better
	Most     float64 `json:"most,omitempty"`
}

// Command is the subcommand.
func Command() *cobra.Command {
	var asJSON, short bool
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure locks, values, queues and processes beside the standard library, glibc and CPython",
		Long: "Measure locks, values, queues and processes beside the standard library's, glibc's (if a C compiler is there)\n" +
			"and CPython's (if python3 is there), and with the start of a small program (if the go tool is).\n" +
			"ratio is ours/theirs; most is what it is meant not to exceed.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			scale := 1.0
			if short {
				scale = 0.1
			}
			return run(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), scale, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON a row")
	c.Flags().BoolVar(&short, "short", false, "measure a tenth as long: to see that it works, not how fast it is")
	c.AddCommand(fairnessCommand(), latencyCommand(), queueCommand())
	return c
}

func run(ctx context.Context, out, progress io.Writer, scale float64, asJSON bool) error {
	if ctx == nil {
		ctx = context.Background()
	}
	rows, closeRivals := allRows(ctx, scale, progress)
	defer closeRivals()
	return measure(ctx, rows, out, progress, asJSON)
}

// measure prints the figures, the table when all are known. What is being measured is for who watches, and not for a log: a
// line that is written over and over.
func measure(ctx context.Context, rows []Row, out, progress io.Writer, asJSON bool) error {
	if asJSON || !terminal.Is(progress) {
		progress = io.Discard
	}
	var figures []Figure
	for _, r := range rows {
		f, err := r.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s beside %s: %w", r.Name, r.Beside, err)
		}
		figures = append(figures, f)
		if asJSON {
			if err := json.NewEncoder(out).Encode(f); err != nil {
				return err
			}
		}
		fmt.Fprintf(progress, "\r%-60s", r.Name)
	}
	if asJSON {
		return nil
	}
	fmt.Fprintf(progress, "\r%-60s\r", "")
	return render(out, figures)
}

// measure alternates the two and takes the medians.
func (r Row) measure(ctx context.Context) (Figure, error) {
	var ours, theirs []float64
	for range r.Rounds {
		a, err := r.Ours(ctx)
		if err != nil {
			return Figure{}, err
		}
		b, err := r.Theirs(ctx)
		if err != nil {
			return Figure{}, err
		}
		ours, theirs = append(ours, a), append(theirs, b)
	}
	f := Figure{Name: r.Name, Beside: r.Beside, NS: median(ours), BesideNS: median(theirs), Most: r.Most}
	f.Ratio = f.NS / f.BesideNS
	return f, nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

func render(out io.Writer, figures []Figure) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tours\tbeside\ttheirs\tratio\tmost")
	for _, f := range figures {
		most := "-"
		if f.Most != 0 {
			most = fmt.Sprintf("%.3g", f.Most)
			if f.Ratio > f.Most {
				most += "  missed"
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.3f\t%s\n", f.Name, pretty(f.NS), f.Beside, pretty(f.BesideNS), f.Ratio, most)
	}
	return w.Flush()
}

func pretty(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.1f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	default:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	}
}

// allRows puts the comparisons together; a rival that is missing is said on progress and left out.
func allRows(ctx context.Context, scale float64, progress io.Writer) (rows []Row, closeRivals func()) {
	rows = append(rows, lockRows(scale)...)
	rows = append(rows, rlockRows(scale)...)
	rows = append(rows, semaphoreRows(scale)...)
	rows = append(rows, conditionRows(scale)...)
	rows = append(rows, rwLockRows(scale)...)
	rows = append(rows, valueRows(scale)...)
	rows = append(rows, queueRows(scale)...)
	rows = append(rows, eventRows(scale)...)
	rows = append(rows, sharedQueueRows(scale)...)
	rows = append(rows, arrayRows(scale)...)
	rows = append(rows, largeQueueRows(scale)...)
	rows = append(rows, pipeRows(scale)...)
	rows = append(rows, listRows(scale)...)
	rows = append(rows, dictRows(scale)...)
	rows = append(rows, taskRows(scale)...)
	rows = append(rows, processRows(scale)...)
	var closers []func() error
	for _, rival := range []func(context.Context, float64) ([]Row, func() error, error){startRows, glibcRows, glibcSemaphoreRows, cpythonRows} {
		more, closer, err := rival(ctx, scale)
		if err != nil {
			fmt.Fprintf(progress, "left out: %v\n", err)
			continue
		}
		rows, closers = append(rows, more...), append(closers, closer)
	}
	return rows, func() {
		var errs []error
		for _, c := range closers {
			errs = append(errs, c())
		}
		if err := errors.Join(errs...); err != nil {
			mp.Logger().Warn("removing the rivals", "error", err)
		}
	}
}
