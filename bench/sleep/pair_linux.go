package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/multiproc/mp/internal/sys"
)

// A measurement that takes longer than this has lost a wake-up.
const tooLong = time.Minute

// solo runs a role of one process, on whatever CPUs there are.
func solo(ctx context.Context, procs int, role string, n ...int) (values, error) {
	ctx, stop := context.WithTimeout(ctx, tooLong)
	defer stop()
	mem, err := sys.NewMemory("sleep", memSize)
	if err != nil {
		return nil, err
	}
	defer mem.Close()
	var out bytes.Buffer
	c := command(ctx, procs, []*os.File{mem}, role, n...)
	c.Stdout = &out
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", role, err)
	}
	return decode(out.Bytes())
}

// pair plays way i between two processes on these CPUs.
func pair(ctx context.Context, i, rounds, procs int, cpus [2]int) (values, error) {
	ctx, stop := context.WithTimeout(ctx, tooLong)
	defer stop()
	mem, err := sys.NewMemory("sleep", memSize)
	if err != nil {
		return nil, err
	}
	inherited := []*os.File{mem}
	if ways[i].files != nil {
		files, err := ways[i].files()
		inherited = append(inherited, files...)
		if err != nil {
			return nil, errors.Join(err, closeAll(inherited))
		}
	}
	var out bytes.Buffer
	first := command(ctx, procs, inherited, "play", rounds, i, 0, cpus[0])
	second := command(ctx, procs, inherited, "play", rounds, i, 1, cpus[1])
	first.Stdout = &out
	if err := second.Start(); err != nil {
		return nil, errors.Join(err, closeAll(inherited))
	}
	firstErr := first.Run()
	if firstErr != nil {
		stop() // the second would wait for ever
	}
	if err := errors.Join(firstErr, second.Wait(), closeAll(inherited)); err != nil {
		return nil, fmt.Errorf("%s, GOMAXPROCS=%d: %w", ways[i].name, procs, err)
	}
	return decode(out.Bytes())
}

func closeAll(files []*os.File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

func command(ctx context.Context, procs int, inherited []*os.File, role string, n ...int) *exec.Cmd {
	args := []string{role}
	for _, i := range n {
		args = append(args, strconv.Itoa(i))
	}
	c := exec.CommandContext(ctx, "/proc/self/exe", args...)
	c.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(procs))
	c.ExtraFiles = inherited
	c.Stderr = os.Stderr
	return c
}

func decode(b []byte) (v values, err error) {
	return v, json.Unmarshal(b, &v)
}
