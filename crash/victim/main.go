//go:build linux

// The victim is a family of processes for one scenario of TestKilledAtEveryStep: its first process starts a
// child that is killed at the first step of the scenario, then one that is killed at the second, until one
// lives; after each it sees to it that the survivors go on, and that nothing is torn or lost.
//
//	go run -tags mpfail ./crash/victim             the names of the scenarios
//	go run -tags mpfail ./crash/victim <scenario>  a line of JSON for each kill; an error ends it with status 1
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/sys"
)

// The environment of a victim. armVariable arms a child from its first instruction on; a victim that is to die
// in its own function arms itself.
const (
	armVariable  = "CRASH_ARM"
	stepVariable = "CRASH_STEP" // the file into which an armed process writes its last step
)

func main() {
	if n, err := strconv.Atoi(os.Getenv(armVariable)); err == nil && n > 0 {
		arm(n)
	}
	mp.Main(run)
}

// last is what a killed process has left of itself.
type last struct {
	Step string `json:"step"`
	At   int64  `json:"at"` // CLOCK_MONOTONIC, ns
}

// arm has this process killed at its n-th step from now on.
func arm(n int) {
	failpoint.Arm(n, func(step string) {
		b, err := json.Marshal(last{step, sys.Monotonic()})
		if err == nil {
			name := os.Getenv(stepVariable)
			err = errors.Join(os.WriteFile(name+".new", b, 0o600), os.Rename(name+".new", name))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	})
}

func run(ctx context.Context) error {
	if !failpoint.Enabled {
		return errors.New("built without -tags mpfail: nobody would be killed")
	}
	if len(os.Args) < 2 {
		for _, s := range scenarios {
			fmt.Println(s.name)
		}
		return nil
	}
	for _, s := range scenarios {
		if s.name == os.Args[1] {
			err := perform(ctx, s)
			if err != nil {
				fmt.Fprintln(os.Stderr, "victim:", err)
				os.Exit(1) // at once: what is broken may not let itself be joined
			}
			return nil
		}
	}
	return fmt.Errorf("no scenario %q", os.Args[1])
}
