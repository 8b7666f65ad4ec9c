// Package check is the command mp check: whether the shared memory of running programs is consistent.
package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp/inspect"
)

// ErrInconsistent is what the command ends with if it has found something: the program exits with 1.
var ErrInconsistent = errors.New("mp: the shared memory is not consistent")

// Command is mp check. It returns an error that wraps ErrInconsistent if there are findings.
func Command() *cobra.Command {
	var pid int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the shared memory of running programs",
		Long: `Check, for each running program of this user that has shared memory of mp (as root: of all users), that its
process table, locks, objects and heap are consistent, and that the dead have been cleaned up after.

It only looks, several times over a second if something seems wrong, and reports what stays. The exit status is 1 if
there is anything to report.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.OutOrStdout(), pid, asJSON)
		},
	}
	cmd.Flags().IntVar(&pid, "pid", 0, "check the program that this process belongs to, alone")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// report is about one arena.
type report struct {
	Arena     inspect.Info      `json:"arena"`
	Processes int               `json:"processes"`
	Findings  []inspect.Finding `json:"findings"`
}

// result is what was found; its JSON is what --json prints.
type result struct {
	Arenas    []report           `json:"arenas"`
	Obstacles []inspect.Obstacle `json:"obstacles"`
}

func run(w io.Writer, pid int, asJSON bool) error {
	r, err := look(pid)
	if err != nil {
		return err
	}
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	} else {
		err = render(w, r)
	}
	return errors.Join(err, r.verdict())
}

func look(pid int) (r result, err error) {
	r = result{Arenas: []report{}, Obstacles: []inspect.Obstacle{}}
	var arenas []*inspect.Arena
	if pid == 0 {
		var obstacles []inspect.Obstacle
		arenas, obstacles, err = inspect.List()
		r.Obstacles = append(r.Obstacles, obstacles...)
	} else {
		arenas = make([]*inspect.Arena, 1)
		arenas[0], err = inspect.Open(pid)
	}
	if err != nil {
		return r, err
	}
	for _, a := range arenas {
		found := append([]inspect.Finding{}, a.Check()...)
		s, snapErr := a.Snapshot()
		if err = errors.Join(err, snapErr, a.Close()); snapErr == nil {
			r.Arenas = append(r.Arenas, report{s.Arena, len(s.Processes), found})
		}
	}
	return r, err
}

// verdict is nil if all is consistent.
func (r result) verdict() error {
	n := 0
	for _, a := range r.Arenas {
		n += len(a.Findings)
	}
	switch {
	case n == 1:
		return fmt.Errorf("%w: 1 finding", ErrInconsistent)
	case n > 1:
		return fmt.Errorf("%w: %d findings", ErrInconsistent, n)
	}
	return nil
}

func render(w io.Writer, r result) error {
	var b strings.Builder
	for _, a := range r.Arenas {
		name := a.Arena.Name
		if name == "" {
			name = a.Arena.Program
		}
		if len(a.Findings) == 0 {
			fmt.Fprintf(&b, "%s: consistent: %d objects, %d processes\n", name, a.Arena.Objects, a.Processes)
			continue
		}
		fmt.Fprintf(&b, "%s: %d findings\n", name, len(a.Findings))
		for _, f := range a.Findings {
			fmt.Fprintf(&b, "  %s\n", f)
		}
	}
	if len(r.Arenas) == 0 {
		b.WriteString("No running program of this user has shared memory of mp.\n")
	}
	for _, o := range r.Obstacles {
		fmt.Fprintf(&b, "not looked at: %s\n", o)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
