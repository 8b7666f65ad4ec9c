// Mp is the tool of package mp: it shows the library at work, looks into running programs, measures, and says what
// this machine lacks.
package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/cmd/mp/bench"
	"github.com/multiproc/mp/cmd/mp/check"
	"github.com/multiproc/mp/cmd/mp/doctor"
	"github.com/multiproc/mp/cmd/mp/ps"
	"github.com/multiproc/mp/cmd/mp/tour"
)

func main() { mp.Main(run) } // bench and doctor start processes

func run(ctx context.Context) error {
	root := &cobra.Command{
		Use:   "mp",
		Short: "Look at programs that are several processes, and at what they rest on",
		// mp.Main prints the error. How to use a command is no answer to an error that has another reason.
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(tour.Command(), ps.Command(), check.Command(), doctor.Command(), bench.Command())
	return root.ExecuteContext(ctx)
}
