package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"time"
)

func main() {
	var err error
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		err = takeRole(os.Args[1:])
	} else {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		err = run(ctx)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sleep:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	runs := flag.Int("runs", 5, "how often everything is measured")
	rounds := flag.Int("rounds", 20000, "round trips a row, run and placement; the other tables take a part of that")
	only := flag.String("only", "", "measure only rows, or of trips, crowd, cancel, ready the tables, that match this regular expression")
	most := flag.Float64("load", 0, "before each run wait until the load average is below this; 0: do not wait")
	patience := flag.Duration("patience", 15*time.Minute, "how long to wait for that in all")
	flag.Parse()
	fitting, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	cpus, err := allowed()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sleep")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sem, err := compileSem(ctx, dir)
	if err != nil {
		return err
	}
	if *runs < 1 || *rounds < 200 {
		return errors.New("-runs wants 1 or more, -rounds 200 or more")
	}
	steps := planned(fitting, cpus, *rounds, sem)
	loads, err := repeat(ctx, os.Stderr, steps, *runs, *most, *patience)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d CPUs, %s, %s/%s. Median of %d runs; load at their beginnings:", time.Now().Format(time.DateOnly),
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, *runs)
	for _, l := range loads {
		fmt.Printf(" %.1f", l)
	}
	fmt.Print(".\n")
	return render(os.Stdout, steps)
}

// repeat does every step once a run, and gives the load at the beginning of each run.
func repeat(ctx context.Context, progress io.Writer, steps []*step, runs int, most float64, left time.Duration) (loads []float64, err error) {
	for i := range runs {
		var now float64
		if now, left, err = calm(ctx, progress, most, left); err != nil {
			return nil, err
		}
		loads = append(loads, now)
		for _, s := range steps {
			fmt.Fprintf(progress, "\r%d/%d %s %s, GOMAXPROCS=%d %20s", i+1, runs, s.table, s.name, s.procs, "")
			v, err := s.once(ctx)
			if err != nil {
				return nil, err
			}
			s.runs = append(s.runs, v)
		}
	}
	fmt.Fprintf(progress, "\r%70s\r", "")
	return loads, nil
}
