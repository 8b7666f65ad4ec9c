// Package tour is mp tour: it builds the example programs from the module's source, runs each as a user would, and
// compares what it prints with what must come out. It is a look at the library for a reader, and a check that the
// library works on this machine.
package tour

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp/cmd/mp/source"
	"github.com/multiproc/mp/examples"
)

const (
	limit = 60 * time.Second // for one program
	drain = 5 * time.Second  // for what was started to end and let go of the output
)

// Command is the subcommand. Its error says how many programs printed something else than they must.
func Command() *cobra.Command {
	var asJSON, list bool
	c := &cobra.Command{
		Use:   "tour [name…]",
		Short: "Build and run the example programs, and compare what they print",
		Long: "Build the example programs (all, or those named) with the go tool and run each. What one prints is compared with\n" +
			"what must come out; a difference makes the command fail, as does a program that takes longer than " + limit.String() + ".",
		ValidArgs: names(examples.All()),
		RunE: func(c *cobra.Command, args []string) error {
			programs, err := choose(examples.All(), args)
			if err != nil {
				return err
			}
			if list {
				return printList(c.OutOrStdout(), programs)
			}
			return tour(c.Context(), programs, newReport(c, programs, asJSON))
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON a program")
	c.Flags().BoolVar(&list, "list", false, "only say which programs there are and what they show")
	c.MarkFlagsMutuallyExclusive("json", "list")
	return c
}

// tour builds in a directory of its own, which is gone when it returns, also after Ctrl-C: that ends ctx.
func tour(ctx context.Context, programs []examples.Program, r *report) error {
	from, err := source.Find(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mp-tour-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r.say("building %s from %s\n", strings.Join(names(programs), ", "), from)
	packages := make([]string, len(programs))
	for i, p := range programs {
		packages[i] = p.Package()
	}
	if err := source.Build(ctx, from, dir, packages...); err != nil {
		return err
	}
	root, err := source.GOROOT(ctx, from)
	if err != nil {
		return err
	}
	return runAll(ctx, runner{dir: dir, goroot: root, limit: limit, drain: drain}, programs, r)
}

// runAll runs one program after the other: side by side they would take each other's CPUs.
func runAll(ctx context.Context, run runner, programs []examples.Program, r *report) error {
	differ := 0
	for _, p := range programs {
		result := run.program(ctx, p, r.live(p))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if result.err != nil {
			differ++
		}
		if err := r.add(p, result); err != nil {
			return err
		}
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d programs did not do what they must", differ, len(programs))
	}
	return nil
}

// choose gives the named programs in the order of the names; all if there are none.
func choose(all []examples.Program, wanted []string) ([]examples.Program, error) {
	if len(wanted) == 0 {
		return all, nil
	}
	chosen := make([]examples.Program, 0, len(wanted))
	for _, name := range wanted {
		i := slices.IndexFunc(all, func(p examples.Program) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no program %q; there are %s", name, strings.Join(names(all), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func names(programs []examples.Program) []string {
	list := make([]string, len(programs))
	for i, p := range programs {
		list[i] = p.Name
	}
	return list
}

func printList(w io.Writer, programs []examples.Program) error {
	for _, p := range programs {
		if _, err := fmt.Fprintf(w, "%-*s  %s\n", widest(names(programs)), p.Name, p.Shows); err != nil {
			return err
		}
	}
	return nil
}
