package tour

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp/cmd/mp/terminal"
	"github.com/multiproc/mp/examples"
)

// A report writes the result of each program when it is known: as a row of a table, or as a line of JSON.
type report struct {
	out, progress  io.Writer
	asJSON         bool
	names, shows   int // width of the columns
	anythingYet    bool
	progressIsLive bool
}

func newReport(c *cobra.Command, programs []examples.Program, asJSON bool) *report {
	r := &report{out: c.OutOrStdout(), progress: c.ErrOrStderr(), asJSON: asJSON, progressIsLive: terminal.Is(c.ErrOrStderr())}
	shows := make([]string, len(programs))
	for i, p := range programs {
		shows[i] = p.Shows
	}
	r.names, r.shows = max(widest(names(programs)), len("program")), widest(shows)
	return r
}

func widest(list []string) int {
	most := 0
	for _, s := range list {
		most = max(most, utf8.RuneCountInString(s))
	}
	return most
}

// say is for who watches: nothing of it is a result.
func (r *report) say(format string, args ...any) {
	if !r.asJSON {
		fmt.Fprintf(r.progress, format, args...)
	}
}

// live is where a program's own words to stderr go while it runs: to a terminal, for the programs whose output is shown.
func (r *report) live(p examples.Program) io.Writer {
	if p.Display && r.progressIsLive && !r.asJSON {
		return r.progress
	}
	return nil
}

// line is one program in JSON.
type line struct {
	Name    string  `json:"name"`
	OK      bool    `json:"ok"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"`
}

// add writes the result of one program. The error is the writer's.
func (r *report) add(p examples.Program, got result) error {
	l := line{Name: p.Name, OK: got.err == nil, Seconds: float64(got.took.Milliseconds()) / 1000}
	if got.err != nil {
		l.Error = got.err.Error()
	}
	if r.asJSON {
		return json.NewEncoder(r.out).Encode(l)
	}
	var b strings.Builder
	if !r.anythingYet {
		fmt.Fprintf(&b, "%-*s  %-*s  seconds\n", r.names, "program", r.shows, "what it shows")
		r.anythingYet = true
	}
	verdict := "ok"
	if !l.OK {
		verdict = "failed"
	}
	fmt.Fprintf(&b, "%-*s  %-*s  %7.2f  %s\n", r.names, p.Name, r.shows, p.Shows, l.Seconds, verdict)
	indent(&b, l.Error)
	if p.Display {
		indent(&b, got.output)
	}
	_, err := io.WriteString(r.out, b.String())
	return err
}

func indent(b *strings.Builder, text string) {
	for l := range strings.Lines(text) {
		fmt.Fprintf(b, "    %s\n", strings.TrimSuffix(l, "\n"))
	}
}
