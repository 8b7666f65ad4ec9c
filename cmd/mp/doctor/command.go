// Package doctor is mp doctor: it tries what mp rests on, on this machine and under the limits of this process, and
// says for each what it found and why it matters.
package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// State is how well something is there.
type State string

// Missing is what mp cannot work without; limited is what costs something if it stays so.
const (
	OK      State = "ok"
	Limited State = "limited"
	Missing State = "missing"
)

// Row is one thing that was tried, and a line of --json.
type Row struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	Found string `json:"found"`
	Why   string `json:"why"` // it matters
}

// probe is how a row comes about.
type probe struct {
	name, why string
	try       func(ctx context.Context) (State, string)
}

// Command is the subcommand. Its error says how many things are missing that mp cannot work without.
func Command() *cobra.Command {
	var asJSON, why bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say whether this machine, with its limits, has what mp rests on",
		Long: "Try what mp rests on, on this machine and under the limits of this process. What is missing makes the command\n" +
			"fail; with what is limited mp works, at the cost that the row tells.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			rows := examine(c.Context(), probes)
			var err error
			if asJSON {
				err = printJSON(c.OutOrStdout(), rows)
			} else {
				err = printTable(c.OutOrStdout(), rows, why)
			}
			if err != nil {
				return err
			}
			return verdict(rows)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON a row")
	c.Flags().BoolVar(&why, "why", false, "say of every row why it matters, not only of those that are not ok")
	return c
}

func examine(ctx context.Context, probes []probe) []Row {
	rows := make([]Row, len(probes))
	for i, p := range probes {
		state, found := p.try(ctx)
		rows[i] = Row{Name: p.name, State: state, Found: found, Why: p.why}
	}
	return rows
}

func verdict(rows []Row) error {
	var missing []string
	for _, r := range rows {
		if r.State == Missing {
			missing = append(missing, r.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("mp cannot work here: %s", strings.Join(missing, ", "))
	}
	return nil
}

func printJSON(w io.Writer, rows []Row) error {
	enc := json.NewEncoder(w)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func printTable(w io.Writer, rows []Row, why bool) error {
	width := 0
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r.Name))
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-7s  %-*s  %s\n", r.State, width, r.Name, r.Found)
		if why || r.State != OK {
			fmt.Fprintf(&b, "%-7s  %-*s  (%s)\n", "", width, "", r.Why)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
