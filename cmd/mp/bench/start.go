package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/multiproc/mp/cmd/mp/source"
)

// startRows measure a start with a program that brings nothing along: how long one takes is otherwise a matter of the
// packages that it links. It is built for the purpose, which needs the go tool and the source.
func startRows(ctx context.Context, scale float64) ([]Row, func() error, error) {
	from, err := source.Find(ctx)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "mp-bench-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() error { return os.RemoveAll(dir) }
	if err := source.Build(ctx, from, dir, "./cmd/mp/bench/small"); err != nil {
		_ = remove()
		return nil, nil, err
	}
	small := filepath.Join(dir, "small")
	starts := strconv.Itoa(max(3, int(20*scale)))
	return []Row{{
		Name: "Process, start and join", Beside: "os/exec of the same binary", Most: 1.2, Rounds: 15,
		Ours: printed(small, "start", starts), Theirs: printed(small, "exec", starts),
	}}, remove, nil
}

// printed runs a program that prints the median of what it has measured, in ns.
func printed(program string, args ...string) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		out, err := exec.CommandContext(ctx, program, args...).Output()
		if err != nil {
			return 0, fmt.Errorf("%s %v: %w", filepath.Base(program), args, err)
		}
		return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	}
}
