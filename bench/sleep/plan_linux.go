package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A step is one row of a table, done once in each run.
type step struct {
	table string // which table
	name  string
	procs int  // GOMAXPROCS; 0: no Go
	apart bool // rests between rounds: not to be compared with what does not
	once  func(ctx context.Context) (values, error)
	runs  []values
}

const (
	tableTrips  = "trips"
	tableCrowd  = "crowd"
	tableCancel = "cancel"
	tableReady  = "ready"
)

const glibcName = "glibc sem_t"

// planned lists the steps whose table or name fits only. sem is the compiled C program, "" without it.
func planned(only *regexp.Regexp, cpus []int, rounds int, sem string) []*step {
	var steps []*step
	add := func(s step) {
		if only.MatchString(s.name) || only.MatchString(s.table) {
			steps = append(steps, &s)
		}
	}
	if sem != "" {
		add(step{table: tableTrips, name: glibcName, once: placed(cpus, func(ctx context.Context, cpus [2]int) (values, error) {
			return runSem(ctx, sem, rounds, cpus)
		})})
	}
	for i := range ways {
		for _, procs := range ways[i].procs {
			add(step{table: tableTrips, name: ways[i].name, apart: ways[i].apart > 0, procs: procs, once: placed(cpus, func(ctx context.Context, cpus [2]int) (values, error) {
				return pair(ctx, i, rounds, procs, cpus)
			})})
		}
	}
	for _, procs := range oneAndTwo {
		for _, n := range []int{24, 10000} {
			add(step{table: tableCrowd, name: number(float64(n)), procs: procs, once: func(ctx context.Context) (values, error) {
				return solo(ctx, procs, "crowd", n)
			}})
		}
		add(step{table: tableCancel, procs: procs, once: func(ctx context.Context) (values, error) {
			return solo(ctx, procs, "cancel", rounds/5)
		}})
		add(step{table: tableReady, procs: procs, once: func(ctx context.Context) (values, error) {
			return solo(ctx, procs, "ready", rounds/4)
		}})
	}
	return steps
}

// placed measures on the first CPU, then on the first two if there are as many, and tells the values apart.
func placed(cpus []int, f func(context.Context, [2]int) (values, error)) func(context.Context) (values, error) {
	return func(ctx context.Context) (values, error) {
		all := values{}
		v, err := f(ctx, [2]int{cpus[0], cpus[0]})
		if err != nil {
			return nil, err
		}
		for name, x := range v {
			all["one "+name] = x
		}
		if len(cpus) == 1 {
			return all, nil
		}
		v, err = f(ctx, [2]int{cpus[0], cpus[1]})
		for name, x := range v {
			all["each "+name] = x
		}
		return all, err
	}
}

// allowed are the CPUs that this process may use.
func allowed() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	var cpus []int
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			cpus = append(cpus, i)
		}
	}
	return cpus, nil
}

// load is the machine's load average over a minute.
func load() (float64, error) {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(b), " ")
	return strconv.ParseFloat(first, 64)
}

// calm waits until the load is below most, or left is used up; it returns the load and what is left.
func calm(ctx context.Context, progress io.Writer, most float64, left time.Duration) (float64, time.Duration, error) {
	const look = 5 * time.Second
	for {
		now, err := load()
		if err != nil || most <= 0 || now < most || left <= 0 {
			return now, left, err
		}
		fmt.Fprintf(progress, "\rload %.2f, waiting (at most %v more) %20s", now, left, "")
		select {
		case <-time.After(look):
			left -= look
		case <-ctx.Done():
			return now, left, ctx.Err()
		}
	}
}
