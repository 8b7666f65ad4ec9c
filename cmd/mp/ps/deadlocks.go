package ps

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/multiproc/mp/inspect"
)

// stuck is what one arena has of deadlocks.
type stuck struct {
	Arena     inspect.Info       `json:"arena"`
	Deadlocks []inspect.Deadlock `json:"deadlocks"`          // certain ones first
	Untraced  int                `json:"untraced,omitempty"` // holds and waits of traced locks that there was no room to record
	Unseen    int                `json:"unseen,omitempty"`   // goroutines of which is only known that they wait
}

// deadlocks is mp ps --deadlocks. A certain deadlock is an error, so that scripts can tell.
func deadlocks(w io.Writer, o options) error {
	arenas, obstacles, err := open(o.pid)
	if err != nil {
		return err
	}
	all, certain := []stuck{}, 0
	for _, a := range arenas {
		s, lookErr := look(a)
		if err = errors.Join(err, lookErr, a.Close()); lookErr != nil {
			continue
		}
		all = append(all, s)
		for _, d := range s.Deadlocks {
			if d.Certain {
				certain++
			}
		}
	}
	if o.json {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		err = errors.Join(err, e.Encode(map[string]any{"arenas": all, "obstacles": append([]inspect.Obstacle{}, obstacles...)}))
	} else {
		_, writeErr := io.WriteString(w, renderStuck(all, obstacles))
		err = errors.Join(err, writeErr)
	}
	if certain > 0 {
		err = errors.Join(err, fmt.Errorf("mp: %s", count(certain, "deadlock", "deadlocks")))
	}
	return err
}

func look(a *inspect.Arena) (stuck, error) {
	s, err := a.Snapshot()
	if err != nil {
		return stuck{}, err
	}
	r := stuck{Arena: s.Arena, Deadlocks: []inspect.Deadlock{}}
	for _, p := range s.Processes {
		r.Untraced += p.Untraced
		r.Unseen += p.Others
	}
	sure, err := a.Deadlocks()
	if err != nil {
		return r, err
	}
	maybe, err := a.PossibleDeadlocks()
	r.Deadlocks = append(append(r.Deadlocks, sure...), maybe...)
	return r, err
}

func renderStuck(all []stuck, obstacles []inspect.Obstacle) string {
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: ", title(&s.Arena))
		if len(s.Deadlocks) == 0 {
			b.WriteString("no deadlock\n")
		} else {
			fmt.Fprintf(&b, "%s\n", count(len(s.Deadlocks), "deadlock", "deadlocks"))
		}
		for _, d := range s.Deadlocks {
			cycle(&b, &d, s.Arena.Taken)
		}
		if s.Untraced > 0 {
			fmt.Fprintf(&b, "\nThe arena is too full to record %s of traced locks.\n", count(s.Untraced, "hold or wait", "holds and waits"))
		}
		if s.Unseen > 0 {
			fmt.Fprintf(&b, "\nNot seen by guesses: what %s for, behind another or without a thread.\n", count(s.Unseen, "goroutine waits", "goroutines wait"))
		}
	}
	if len(all) == 0 {
		b.WriteString("No running program of this user has shared memory of mp.\n")
	}
	renderObstacles(&b, obstacles)
	return b.String()
}

// cycle prints a deadlock, a line for each wait and one for each hold.
func cycle(b *strings.Builder, d *inspect.Deadlock, now time.Time) {
	word := "Deadlock"
	if !d.Certain {
		word = "Possible deadlock"
	}
	fmt.Fprintf(b, "\n%s of %d:\n", word, len(d.Waits))
	for i := range d.Waits {
		w, holder := &d.Waits[i], &d.Waits[(i+1)%len(d.Waits)]
		fmt.Fprintf(b, "  %s waits for %s%s%s", w, w.Object, ago(now, w.Since), at(w.Where))
		if w.Bounded {
			b.WriteString(", until a context ends")
		}
		as := ""
		if w.HeldAs != "" {
			as = " " + w.HeldAs
		}
		fmt.Fprintf(b, ",\n    which %s has held%s%s%s\n", holder, as, ago(now, w.HeldSince), at(w.HeldAt))
	}
}

func ago(now, since time.Time) string {
	if since.IsZero() {
		return ""
	}
	return " for " + age(now.Sub(since))
}

func at(where string) string {
	if where == "" {
		return ""
	}
	return " (" + where + ")"
}
