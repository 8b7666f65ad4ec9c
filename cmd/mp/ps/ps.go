// Package ps is the command mp ps: what runs, who waits for whom, which objects there are, in every program of this
// user that uses mp.
package ps

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp/inspect"
)

type options struct {
	json      bool
	pid       int
	objects   bool
	deadlocks bool
}

// Command is mp ps.
func Command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "ps",
		Short: "Show processes, shared objects, locks and who waits for what",
		Long: `Show, for each running program of this user that has shared memory of mp (as root: of all users),
its processes and what they wait for, and its shared objects with their values and holders.

With --deadlocks it shows instead who waits for whom in a cycle: with certainty, goroutine by goroutine, line
by line, for locks made with mp.Trace or mp.DetectDeadlock; as a possibility between processes for the others, once
they have waited for a second. If a deadlock is certain the exit status is 1.

It only looks: nothing is written, locked or started, and the programs do not notice.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.deadlocks {
				return deadlocks(cmd.OutOrStdout(), o)
			}
			return run(cmd.OutOrStdout(), o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	cmd.Flags().IntVar(&o.pid, "pid", 0, "look at the program that this process belongs to, alone")
	cmd.Flags().BoolVar(&o.objects, "objects", true, "show the shared objects")
	cmd.Flags().BoolVar(&o.deadlocks, "deadlocks", false, "show the cycles of those who wait for each other, and nothing else")
	return cmd
}

// result is what was found; its JSON is what --json prints.
type result struct {
	Arenas    []*inspect.Snapshot `json:"arenas"`
	Obstacles []inspect.Obstacle  `json:"obstacles"`
}

func run(w io.Writer, o options) (err error) {
	r := result{Arenas: []*inspect.Snapshot{}, Obstacles: []inspect.Obstacle{}}
	arenas, obstacles, err := open(o.pid)
	if err != nil {
		return err
	}
	r.Obstacles = append(r.Obstacles, obstacles...)
	for _, a := range arenas {
		s, snapErr := a.Snapshot()
		if err = errors.Join(err, snapErr, a.Close()); snapErr != nil {
			continue
		}
		if !o.objects {
			s.Objects = nil
		}
		r.Arenas = append(r.Arenas, s)
	}
	if o.json {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return errors.Join(err, e.Encode(r))
	}
	return errors.Join(err, render(w, r))
}

func open(pid int) ([]*inspect.Arena, []inspect.Obstacle, error) {
	if pid == 0 {
		return inspect.List()
	}
	a, err := inspect.Open(pid)
	if err != nil {
		return nil, nil, err
	}
	return []*inspect.Arena{a}, nil, nil
}
