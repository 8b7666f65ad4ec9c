package bench

import (
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/multiproc/mp"
)

// exitAtOnce, in the environment, makes this binary end before it does anything: os/exec's half of the comparison.
const exitAtOnce = "MP_BENCH_EXIT_AT_ONCE"

var _ = endIfAsked()

func endIfAsked() bool {
	if os.Getenv(exitAtOnce) != "" {
		os.Exit(0)
	}
	return false
}

var nothing = mp.Proc0(func(context.Context) error { return nil })

// stamp writes down when the function began.
var stamp = mp.Proc(func(_ context.Context, begun *mp.Value[int64]) error {
	begun.Store(time.Now().UnixNano())
	return nil
})

func processRows(scale float64) []Row {
	rounds := max(5, int(100*scale))
	theirs := func(ctx context.Context) (float64, error) {
		path, err := os.Executable()
		if err != nil {
			return 0, err
		}
		c := exec.CommandContext(ctx, path)
		c.Env = append(os.Environ(), exitAtOnce+"=1")
		begin := time.Now()
		err = c.Run()
		return float64(time.Since(begin)), err
	}
	return []Row{
		{
			Name: "warm spare, start to first statement", Beside: "os/exec of the same binary", Most: 0.1, Rounds: rounds, Theirs: theirs,
			Ours: fromSpare(func(ctx context.Context) (float64, error) {
				begun := mp.NewValue(int64(0))
				begin := time.Now()
				err := startAndJoin(ctx, stamp(begun))
				return float64(begun.Load() - begin.UnixNano()), err
			}),
		},
		{
			Name: "warm spare, start and join", Beside: "os/exec of the same binary", Rounds: rounds, Theirs: theirs,
			Ours: fromSpare(func(ctx context.Context) (float64, error) {
				begin := time.Now()
				err := startAndJoin(ctx, nothing())
				return float64(time.Since(begin)), err
			}),
		},
	}
}

func startAndJoin(ctx context.Context, target mp.Target) error {
	p := &mp.Process{Target: target}
	if err := p.Start(ctx); err != nil {
		return err
	}
	return p.Join()
}

// fromSpare measures with a spare ready. It is made ready, and the next is kept from starting meanwhile, outside
// of what is timed.
func fromSpare(f func(context.Context) (float64, error)) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		if err := mp.KeepSpares(1); err != nil {
			return 0, err
		}
		ns, err := f(ctx)
		return ns, err
	}
}
