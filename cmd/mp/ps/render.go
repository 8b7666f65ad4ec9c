package ps

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/multiproc/mp/inspect"
)

// render prints the result for people.
func render(w io.Writer, r result) error {
	var b strings.Builder
	for i, s := range r.Arenas {
		if i > 0 {
			b.WriteByte('\n')
		}
		arena(&b, s)
	}
	if len(r.Arenas) == 0 {
		b.WriteString("No running program of this user has shared memory of mp.\n")
	}
	renderObstacles(&b, r.Obstacles)
	_, err := io.WriteString(w, b.String())
	return err
}

func renderObstacles(b *strings.Builder, all []inspect.Obstacle) {
	for i, o := range all {
		if i == 0 {
			b.WriteString("\nCould not look at:\n")
		}
		fmt.Fprintf(b, "  %s\n", o)
	}
}

// title is how people call an arena.
func title(a *inspect.Info) string {
	if a.Name == "" {
		return a.Program
	}
	return strconv.Quote(a.Name) + " of " + a.Program
}

func arena(b *strings.Builder, s *inspect.Snapshot) {
	fmt.Fprintf(b, "%s: %s, %s in use by %s, since %s\n", title(&s.Arena), count(len(s.Processes), "process", "processes"),
		size(s.Arena.BytesUsed), count(int(s.Arena.Objects), "object", "objects"), s.Arena.Created.Format(time.DateTime))
	table(b, "PID\tNAME\tSTATE\tAGE\tPARENT\tWAITS FOR", len(s.Processes), func(i int) []string {
		return process(&s.Processes[i], s.Arena.Taken)
	})
	if len(s.Objects) > 0 {
		waiters := waiters(s)
		table(b, "OBJECT\tKIND\tNAME\tTYPE\tMEMORY\tSTATE\tWAITERS\tHANDLES", len(s.Objects), func(i int) []string {
			return object(&s.Objects[i], waiters, s.Arena.Taken)
		})
	}
}

func table(b *strings.Builder, head string, rows int, row func(int) []string) {
	b.WriteByte('\n')
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, head) // into memory: it cannot fail
	for i := range rows {
		cells := row(i)
		for k, c := range cells {
			if c == "" {
				cells[k] = "-"
			}
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	_ = t.Flush()
}

func process(p *inspect.Process, now time.Time) []string {
	pid := strconv.Itoa(p.PID)
	if n := len(p.NSPID); n > 1 {
		pid = fmt.Sprintf("%d (%d inside)", p.NSPID[0], p.NSPID[n-1])
	}
	state := p.State
	switch {
	case !p.Alive && !p.Ended.IsZero():
		state = fmt.Sprintf("dead for %s, not swept", age(now.Sub(p.Ended)))
	case !p.Alive:
		state = "dead, not noticed"
	case p.Exit != nil:
		state = fmt.Sprintf("ending with %d", *p.Exit)
	}
	parent := ""
	if p.Parent != nil {
		parent = who(p.Parent)
	}
	return []string{pid, p.Name, state, age(now.Sub(p.Since)), parent, waits(p, now)}
}

func waits(p *inspect.Process, now time.Time) string {
	var all []string
	for _, w := range p.Waits {
		text := w.Object
		if !w.Since.IsZero() {
			text += " for " + age(now.Sub(w.Since))
		}
		all = append(all, text)
	}
	if p.Others > 0 {
		all = append(all, count(p.Others, "more goroutine", "more goroutines"))
	}
	return strings.Join(all, ", ")
}

// waiters counts the threads that sleep on each object, by handle.
func waiters(s *inspect.Snapshot) map[string]int {
	n := make(map[string]int)
	for _, p := range s.Processes {
		for _, w := range p.Waits {
			n[w.Handle]++
		}
	}
	return n
}

func object(o *inspect.Object, waiters map[string]int, now time.Time) []string {
	waiting := ""
	if n := waiters[o.Handle()]; n > 0 {
		waiting = strconv.Itoa(n)
	} else if o.Lock != nil && o.Lock.Waited || o.Permits != nil && o.Permits.Waited || o.Event != nil && o.Event.Waited {
		waiting = "some"
	}
	if o.Condition != nil && o.Condition.Waiting > 0 {
		waiting = strconv.Itoa(o.Condition.Waiting)
	}
	if waiting == "" && o.Tasks != nil && (o.Tasks.Getters || o.Tasks.Putters || o.Tasks.Joiners) {
		waiting = "some"
	}
	if waiting == "" && o.Queue != nil && (o.Queue.Getters || o.Queue.Putters) {
		waiting = "some"
	}
	if waiting == "" && o.Pipe != nil && o.Pipe.Waited() {
		waiting = "some"
	}
	return []string{o.Handle(), o.Kind, o.Name, o.Type, size(o.Memory), state(o, now), waiting, pids(o.Holders)}
}

func state(o *inspect.Object, now time.Time) string {
	var all []string
	if o.Value != "" {
		all = append(all, o.Value)
	}
	if o.Permits != nil {
		all = append(all, permits(o.Permits))
	}
	if c := o.Condition; c != nil {
		all = append(all, fmt.Sprintf("%d waiting, %d woken, over %s", c.Waiting, c.Woken, c.Lock))
	}
	if o.Event != nil {
		all = append(all, o.Event.String())
	}
	if o.Barrier != nil {
		all = append(all, o.Barrier.String())
	}
	if o.Queue != nil {
		all = append(all, queue(o.Queue))
	}
	if o.Array != nil {
		all = append(all, array(o.Array))
	}
	if o.Pipe != nil {
		all = append(all, pipe(o.Pipe))
	}
	if l := o.List; l != nil {
		all = append(all, count(int(l.Len), "element", "elements"), fmt.Sprintf("%d bytes", l.Memory))
	}
	if o.Dict != nil {
		all = append(all, dict(o.Dict))
	}
	if o.Tasks != nil {
		all = append(all, tasks(o.Tasks, now))
	}
	l := o.Lock
	if l == nil {
		return strings.Join(all, ", ")
	}
	switch {
	case l.State == "abandoned" && l.Last != nil:
		all = append(all, fmt.Sprintf("abandoned by %s at %s", l.Holder, l.Last.At.Format(time.DateTime)))
	case l.Holder != nil:
		all = append(all, fmt.Sprintf("%s by %s", l.State, l.Holder))
	case len(o.Readers) == 0:
		all = append(all, l.State)
	}
	if l.Depth > 1 {
		all = append(all, count(l.Depth, "time", "times"))
	}
	for _, r := range o.Readers {
		all = append(all, "read by "+r.Person.String()+times(r.Count))
	}
	if l.Last != nil && l.State != "abandoned" {
		all = append(all, last(l))
	}
	return strings.Join(all, ", ")
}

// last tells of the last time that a lock was left torn.
func last(l *inspect.Lock) string {
	at := l.Last.At.Format(time.DateTime)
	if l.Last.Panicked {
		return fmt.Sprintf("left torn %s, last by a panic in %s at %s", count(int(l.Deaths), "time", "times"), l.Last.Name, at)
	}
	return fmt.Sprintf("%s died with it, last %s at %s", count(int(l.Deaths), "process", "processes"), l.Last.Name, at)
}

// times says how often, if it is more than once.
func times(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" × %d", n)
}

func who(p *inspect.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return "ended"
}

// pids shows the first few.
func pids(all []int) string {
	const shown = 4
	var b strings.Builder
	for i, pid := range all {
		if i == shown {
			fmt.Fprintf(&b, " +%d", len(all)-shown)
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(pid))
	}
	return b.String()
}
