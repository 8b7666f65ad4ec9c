// Small is a program that brings nothing along, as far as mp lets it: what a start of it costs is what a start costs.
//
//	small start N   median ns of N processes, started and joined by mp
//	small exec N    the same with a program that ends at once, by os/exec
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"github.com/multiproc/mp"
)

var nothing = mp.Proc0(func(context.Context) error { return nil })

func main() {
	if len(os.Args) == 2 && os.Args[1] == "end" {
		return
	}
	mp.Main(run)
}

func run(ctx context.Context) error {
	if len(os.Args) != 3 || os.Args[1] != "start" && os.Args[1] != "exec" {
		return fmt.Errorf("expected start N or exec N, found %q", os.Args[1:])
	}
	n, err := strconv.Atoi(os.Args[2])
	if err != nil || n < 1 {
		return fmt.Errorf("expected how many to start, found %q", os.Args[2])
	}
	times := make([]time.Duration, n)
	for i := range times {
		begin := time.Now()
		if os.Args[1] == "start" {
			err = startAndJoin(ctx)
		} else {
			err = exec.CommandContext(ctx, "/proc/self/exe", "end").Run()
		}
		if err != nil {
			return err
		}
		times[i] = time.Since(begin)
	}
	slices.Sort(times)
	fmt.Println(times[n/2].Nanoseconds())
	return nil
}

func startAndJoin(ctx context.Context) error {
	p := &mp.Process{Target: nothing()}
	if err := p.Start(ctx); err != nil {
		return err
	}
	return p.Join()
}
